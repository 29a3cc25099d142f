// The worker of `rescind serve`: a thread that works what is due for as long as it lives, with a
// store connection and connectors of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "execute/system_book.h"

namespace rescind {

class DueWorker {
 public:
  // Both outlive it.
  DueWorker(const CommandContext& context, Session& session);
  DueWorker(const DueWorker&) = delete;
  DueWorker& operator=(const DueWorker&) = delete;
  ~DueWorker();  // finishes what it is at

 private:
  void work();
  // How long until something is due, at most a heartbeat.
  Seconds work_once();
  Seconds work_what_is_due();
  void sign_what_is_new();
  void refresh_people();

  const CommandContext& context_;
  Session& session_;
  CapabilityMap systems_;
  SystemBook book_;  // the thread's: a dead system stays known as one from pass to pass
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  // The thread's. Sizes of the log: all of it signed and handed over; when that was last tried.
  std::uint64_t signed_size_ = 0;
  std::uint64_t tried_size_ = 0;
  Instant sign_again_{};
  std::string sign_trouble_;  // said last
  std::thread thread_;
};

}  // namespace rescind
