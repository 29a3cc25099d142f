// Threads of the systems.
#include "execute/workers.h"

namespace rescind::execute {

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [system, worker] : workers_) {
      worker->stop = true;
      worker->wake.notify_one();
    }
  }
  for (auto& [system, worker] : workers_) {
    worker->thread.join();
  }
}

bool Workers::idle(const std::string& system) const {
  const auto it = workers_.find(system);
  return it == workers_.end() || it->second->idle;
}

void Workers::start(const std::string& system, std::size_t slot, Job job) {
  auto& worker = workers_[system];
  if (!worker) {
    worker = std::make_unique<Worker>();
    worker->thread = std::thread([this, &worker = *worker] { work(worker); });
  }
  worker->idle = false;
  ++busy_;
  running_[slot] = system;
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

std::vector<Workers::Done> Workers::wait(std::chrono::milliseconds at_most) {
  std::vector<Done> done;
  {
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
