// Works, sleeps until something is due, works again. Other processes may do the same on one store:
// each run is taken by one of them at a time.
#include "app/cli/worker.h"

#include <algorithm>
#include <ostream>
#include <sstream>

#include "app/cli/advance_session.h"
#include "app/cli/audit.h"
#include "app/cli/people.h"

namespace rescind {
namespace {

// What comes from other processes (an approval, a new run) is seen within this time.
constexpr Seconds kLookAgain{10};

}  // namespace

DueWorker::DueWorker(const CommandContext& context, Session& session)
    : context_(context),
      session_(session),
      systems_(describe_connectors(session.connectors, plan_request(session).acts_as).systems),
      thread_([this] { work(); }) {}

DueWorker::~DueWorker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Seconds DueWorker::work_once() {
  refresh_people();
  AdvanceRequest request = advance_request(context_, session_, systems_);
  const auto report = advance_due(request, session_.connectors, context_.clock);
  if (!report) {
    context_.err << "due work: " + report.error().to_string() + "\n" << std::flush;
    return kLookAgain;
  }
  if (!report->runs.empty() && !context_.quiet) {
    std::ostringstream text;
    print_advance(text, *report);
    context_.err << text.str() << std::flush;
  }
  escalate_due(context_, session_);
  if (!report->runs.empty()) {
    sign_at_end(context_, session_.project, *session_.store);
  }
  if (!report->next_due) {
    return kLookAgain;
  }
  return std::clamp(*report->next_due - context_.clock.now(), Seconds(1), kLookAgain);
}

// Who may approve and who is called is judged by the facts as they are when something is due.
void DueWorker::refresh_people() {
  const auto due = session_.store->next_due();
  if (!due || !*due || **due > context_.clock.now()) {
    return;
  }
  Diagnostics diagnostics;
  if (auto fresh = reload_inventory(session_, diagnostics)) {
    session_.inventory = *std::move(fresh);
  }
}

void DueWorker::work() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const Seconds pause = work_once();
    lock.lock();
    wake_.wait_for(lock, pause, [this] { return stop_; });
  }
}

}  // namespace rescind
