// Threads of the lanes, or their stand-ins in the calling thread.
#include "execute/workers.h"

#include <algorithm>

namespace rescind::execute {

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [lane, worker] : workers_) {
      worker->stop = true;
      worker->wake.notify_one();
    }
  }
  for (auto& [lane, worker] : workers_) {
    if (worker->thread.joinable()) {
      worker->thread.join();
    }
  }
}

bool Workers::idle(const Lane& lane) const {
  const auto it = workers_.find(lane);
  return it == workers_.end() || it->second->idle;
}

void Workers::start(const Lane& lane, std::size_t slot, Job job) {
  auto& worker = workers_[lane];
  if (!worker) {
    worker = std::make_unique<Worker>();
    if (!choose_) {
      worker->thread = std::thread([this, &worker = *worker] { work(worker); });
    }
  }
  worker->idle = false;
  ++busy_;
  running_[slot] = lane;
  const std::lock_guard lock(mutex_);
  worker->job = std::move(job);
  worker->slot = slot;
  worker->wake.notify_one();
}

void Workers::work(Worker& worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    worker.wake.wait(lock, [&worker] { return worker.job || worker.stop; });
    if (!worker.job) {
      return;
    }
    const Job job = std::exchange(worker.job, nullptr);
    const std::size_t slot = worker.slot;
    lock.unlock();
    Result<ActionReport> report = job();
    lock.lock();
    done_.push_back({slot, std::move(report)});
    finished_.notify_one();
  }
}

std::vector<Workers::Done> Workers::run_one() {
  std::vector<Worker*> ready;
  for (auto& [lane, worker] : workers_) {
    if (worker->job) {
      ready.push_back(worker.get());
    }
  }
  std::vector<Done> done;
  if (!ready.empty()) {
    Worker& chosen = *ready[std::min(choose_(ready.size()), ready.size() - 1)];
    const Job job = std::exchange(chosen.job, nullptr);
    done.push_back({chosen.slot, job()});
  }
  return done;
}

std::vector<Workers::Done> Workers::wait(std::chrono::milliseconds at_most) {
  std::vector<Done> done;
  if (choose_) {
    done = run_one();
  } else {
    std::unique_lock lock(mutex_);
    finished_.wait_for(lock, at_most, [this] { return !done_.empty(); });
    done.swap(done_);
  }
  for (const Done& one : done) {
    const auto it = running_.find(one.slot);
    workers_[it->second]->idle = true;
    running_.erase(it);
    --busy_;
  }
  return done;
}

}  // namespace rescind::execute
