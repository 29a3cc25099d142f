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
// A witness that does not answer holds the work up once in this time, unless there is news for it.
constexpr Seconds kSignAgain{60};

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

// A checkpoint over what was written since the last one, also by others. What could not be signed,
// or not be handed to the witness, is said once, and tried again when there is more, or later.
void DueWorker::sign_what_is_new() {
  const auto size = session_.store->audit_size();
  if (!size || *size == signed_size_ ||
      (*size == tried_size_ && context_.clock.now() < sign_again_)) {
    return;
  }
  tried_size_ = *size;
  const std::string trouble = sign_and_send(context_, session_.project, *session_.store);
  if (trouble.empty()) {
    signed_size_ = *size;
  } else if (trouble != sign_trouble_) {
    context_.err << trouble << std::flush;
  }
  sign_trouble_ = trouble;
  sign_again_ = context_.clock.now() + kSignAgain;
}

Seconds DueWorker::work_once() {
  const Seconds pause = work_what_is_due();
  sign_what_is_new();
  return pause;
}

Seconds DueWorker::work_what_is_due() {
  refresh_people();
  auto request = advance_request(context_, session_, systems_);
  if (!request) {
    context_.err << "due work: " + request.error().to_string() + "\n" << std::flush;
    return kLookAgain;
  }
  AdvanceTally tally;
  std::ostringstream text;
  request->take_run = [&](const AdvancedRun& run) {
    tally.take(run, context_.quiet ? nullptr : &text);
    context_.err << text.str() << std::flush;
    text.str("");
  };
  request->execute.systems = &book_;
  const auto report = advance_due(*request, session_.connectors, context_.clock);
  if (!report) {
    context_.err << "due work: " + report.error().to_string() + "\n" << std::flush;
    return kLookAgain;
  }
  if (tally.runs() > 0 && !context_.quiet) {
    tally.print_end(text, *report);
    context_.err << text.str() << std::flush;
  }
  escalate_due(context_, session_);
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
