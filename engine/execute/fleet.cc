// The loop over all runs.
#include "execute/fleet.h"

#include <algorithm>

namespace rescind::execute {
namespace {

// While workers are busy the loop looks again this often, because weak edges open by time too.
constexpr Milliseconds kLookAgain{50};

// WHY: what comes before containment serves that of its own run. It is no more urgent than what
// another run has to contain; the run that was added first goes first.
NextAction::Order among_runs(NextAction::Order order) {
  std::get<Rank>(order) = std::max(std::get<Rank>(order), Rank::Contain);
  return order;
}

}  // namespace

Fleet::Fleet(Store& store, ConnectorSet& connectors, Clock& clock, const ExecuteOptions& options)
    : store_(store),
      connectors_(connectors),
      clock_(clock),
      options_(options),
      book_(options.systems == nullptr ? own_book_ : *options.systems),
      workers_(options.inline_workers ? options.choose : nullptr) {}

void Fleet::add(RunPlan plan, Store::Claim claim) {
  auto member = std::make_unique<Member>();
  member->plan = std::move(plan);
  member->run = std::make_unique<Run>(member->plan, std::move(claim), store_, connectors_, clock_,
                                      options_, book_);
  members_.push_back(std::move(member));
}

void Fleet::begin() {
  book_.begin(options_, clock_.monotonic());
  for (const auto& member : members_) {
    if (const Status begun = member->run->begin(); !begun) {
      member->broken = begun.error();
      continue;
    }
    for (const std::string& system : member->run->systems()) {
      systems_[system].push_back(member.get());
    }
  }
}

std::vector<Result<RunReport>> Fleet::work() {
  begin();
  Milliseconds patience = options_.patience;
  while (true) {
    dispatch();
    if (workers_.busy() > 0) {
      std::vector<Workers::Done> done = workers_.wait(kLookAgain);
      if (done.empty()) {
        let_go();  // somebody is slow
      }
      take_in(std::move(done));
      continue;
    }
    let_go();
    if (!wait_for_change(patience)) {
      break;
    }
  }
  std::vector<Result<RunReport>> reports;
  for (const auto& member : members_) {
    if (member->run) {
      conclude(*member);
    }
    reports.push_back(*std::move(member->report));
  }
  return reports;
}

bool Fleet::wait_for_change(Milliseconds& patience) {
  const auto wait = until_change();
  const auto pace = until_rate_lets();
  if (!wait) {
    return false;
  }
  if (*wait <= patience && (!pace || *pace > *wait)) {
    patience -= *wait;
    clock_.sleep_for(*wait);
    return true;
  }
  // WHY: going as fast as a system allows is work; it uses up nobody's patience.
  if (pace && *pace <= options_.patience) {
    clock_.sleep_for(*pace);
    return true;
  }
  return false;
}

bool Fleet::is_at_rest(const Member& member) const {
  if (!member.under_way.empty()) {
    return false;
  }
  if (member.broken) {
    return true;
  }
  const std::vector<std::string> systems = member.run->systems();
  return member.run->until_change().value_or(Milliseconds::max()) > options_.patience &&
         std::none_of(systems.begin(), systems.end(), [&member](const std::string& system) {
           return member.run->next_action(system, {}).has_value();
         });
}

void Fleet::let_go() {
  for (const auto& member : members_) {
    if (member->run && is_at_rest(*member)) {
      conclude(*member);
    }
  }
}

void Fleet::conclude(Member& member) {
  member.report =
      member.broken ? Result<RunReport>(tl::unexpected(*member.broken)) : member.run->conclude();
  member.run.reset();
}

std::vector<const PlanStep*> Fleet::elsewhere(const std::string& system,
                                              const Member& member) const {
  std::vector<const PlanStep*> steps;
  for (const auto& [ticket, other] : tickets_) {
    const PlanStep& step = other->run->step(other->under_way.at(ticket));
    if (other != &member && step.system == system) {
      steps.push_back(&step);
    }
  }
  return steps;
}

std::optional<Fleet::Pick> Fleet::next_in(const std::string& system) const {
  std::optional<Pick> best;
  for (Member* member : systems_.at(system)) {
    // A run whose own question is under way may yet hear that it has no business there.
    if (!member->run || member->broken || member->greeting.contains(system)) {
      continue;
    }
    const auto next = member->run->next_action(system, elsewhere(system, *member));
    if (next && (!best || among_runs(next->order) < among_runs(best->next.order))) {
      best = Pick{member, *next};
    }
  }
  return best;
}

void Fleet::dispatch() {
  book_.reopen(options_, clock_.monotonic());
  for (const auto& [system, members] : systems_) {
    const std::size_t lanes = connectors_.lanes(system);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      // Until the system has said what it is, nobody else acts there.
      if (greeting_.contains(system)) {
        break;
      }
      if (!workers_.idle({system, lane})) {
        continue;
      }
      const auto next = next_in(system);
      if (!next) {
        break;
      }
      start(*next, system, lane);
    }
  }
}

void Fleet::start(const Pick& pick, const std::string& system, std::size_t lane) {
  const std::size_t ticket = ++last_ticket_;
  if (pick.member->run->has_to_greet(system)) {
    pick.member->greeting[system] = ticket;
    if (!answered_.contains(system)) {
      greeting_[system] = ticket;
    }
  }
  tickets_[ticket] = pick.member;
  pick.member->under_way[ticket] = pick.next.slot;
  workers_.start({system, lane}, ticket, pick.member->run->start(pick.next.slot, lane));
}

// A run whose store fails starts nothing more; the others find out for themselves.
void Fleet::take_in(std::vector<Workers::Done> done) {
  for (Workers::Done& one : done) {
    Member& member = *tickets_.at(one.slot);
    const std::size_t slot = member.under_way.at(one.slot);
    tickets_.erase(one.slot);
    member.under_way.erase(one.slot);
    const std::string& system = member.run->step(slot).system;
    if (const auto own = member.greeting.find(system);
        own != member.greeting.end() && own->second == one.slot) {
      member.greeting.erase(own);
    }
    if (const auto asked = greeting_.find(system);
        asked != greeting_.end() && asked->second == one.slot) {
      greeting_.erase(asked);
      if (one.report && one.report->health != Health::Bad &&
          one.report->health != Health::AuthFailed) {
        answered_.insert(system);
      }
    }
    if (const Status taken = member.run->take_in(slot, one.report); !taken) {
      member.broken = taken.error();
    }
  }
}

std::optional<Milliseconds> Fleet::until_rate_lets() const {
  const Milliseconds now = clock_.monotonic();
  std::optional<Milliseconds> least;
  for (const auto& [system, members] : systems_) {
    const bool is_used = std::any_of(members.begin(), members.end(), [](const Member* member) {
      return member->run && !member->broken;
    });
    const auto next_at = book_.of(system).next_at;
    if (is_used && next_at && *next_at > now) {
      least = std::min(least.value_or(Milliseconds::max()), *next_at - now);
    }
  }
  return least;
}

std::optional<Milliseconds> Fleet::until_change() const {
  std::optional<Milliseconds> least;
  for (const auto& member : members_) {
    const auto wait = !member->run || member->broken ? std::nullopt : member->run->until_change();
    if (wait) {
      least = least ? std::min(*least, *wait) : *wait;
    }
  }
  return least;
}

}  // namespace rescind::execute
