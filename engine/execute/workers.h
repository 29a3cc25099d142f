// One worker thread per lane of a system. A worker does one action at a time and hands the result
// back; the thread that runs the plan decides what comes next. Inline workers do the same in that
// very thread, one action at a time, in an order that the caller chooses.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "execute/action.h"

namespace rescind::execute {

class Workers {
 public:
  using Job = std::function<Result<ActionReport>()>;

  struct Done {
    std::size_t slot = 0;
    Result<ActionReport> report;
  };

  // `choose`: inline; picks one of so many jobs that could run next. Null: threads.
  explicit Workers(std::function<std::size_t(std::size_t)> choose) : choose_(std::move(choose)) {}

  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();  // waits for what is running

  using Lane = std::pair<std::string, std::size_t>;  // system, number

  // Starts the job on the lane's own thread, which must be idle. Inline it runs in `wait`, and
  // what it throws passes through.
  void start(const Lane& lane, std::size_t slot, Job job);
  [[nodiscard]] bool idle(const Lane& lane) const;

  [[nodiscard]] std::size_t busy() const { return busy_; }

  // What finished, waiting up to `at_most` of real time when nothing has.
  std::vector<Done> wait(std::chrono::milliseconds at_most);

 private:
  struct Worker {
    std::condition_variable wake;
    Job job;  // guarded by mutex_
    std::size_t slot = 0;
    bool stop = false;
    bool idle = true;  // owned by the calling thread
    std::thread thread;
  };

  void work(Worker& worker);
  std::vector<Done> run_one();

  std::function<std::size_t(std::size_t)> choose_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::vector<Done> done_;  // guarded by mutex_
  std::map<Lane, std::unique_ptr<Worker>> workers_;
  std::map<std::size_t, Lane> running_;  // by slot; owned by the calling thread
  std::size_t busy_ = 0;
};

}  // namespace rescind::execute
