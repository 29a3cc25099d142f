// Runs worked side by side: one thread decides for all of them, they share the lanes of each system
// and what is known of its health. In a system the most urgent action of any run comes first, so
// that nothing that contains waits for what another run still has to tidy up, or for a system that
// it does not need.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "execute/run.h"
#include "execute/workers.h"

namespace rescind::execute {

class Fleet {
 public:
  // References are borrowed.
  Fleet(Store& store, ConnectorSet& connectors, Clock& clock, const ExecuteOptions& options);

  // One more run, taken up.
  void add(RunPlan plan, Store::Claim claim);

  // Works all of them until nothing is left to do now. One report per run, in the order in which
  // they were added. Errors of a run: of the store, Conflict when somebody else took it up.
  std::vector<Result<RunReport>> work();

 private:
  struct Member {
    RunPlan plan;
    std::unique_ptr<Run> run;  // null once it rests
    std::optional<Result<RunReport>> report;
    std::map<std::size_t, std::size_t> under_way;  // ticket → slot
    std::map<std::string, std::size_t> greeting;   // systems it is asking what they are → ticket
    std::optional<Error> broken;
  };

  struct Pick {
    Member* member = nullptr;
    NextAction next;
  };

  void begin();
  void dispatch();
  [[nodiscard]] std::optional<Pick> next_in(const std::string& system) const;
  [[nodiscard]] std::vector<const PlanStep*> elsewhere(const std::string& system,
                                                       const Member& member) const;
  void start(const Pick& pick, const std::string& system, std::size_t lane);
  void take_in(std::vector<Workers::Done> done);
  // Waits until something may change; gives whether that is worth waiting for.
  bool wait_for_change(Milliseconds& patience);
  [[nodiscard]] std::optional<Milliseconds> until_change() const;
  // Until the rate of some system lets its next action start.
  [[nodiscard]] std::optional<Milliseconds> until_rate_lets() const;
  // Nothing of it is under way, and nothing can come that anybody would wait for here.
  [[nodiscard]] bool is_at_rest(const Member& member) const;
  // Runs at rest are let go, so that others may take them up while this goes on.
  void let_go();
  static void conclude(Member& member);

  Store& store_;
  ConnectorSet& connectors_;
  Clock& clock_;
  const ExecuteOptions& options_;
  SystemBook own_book_;
  SystemBook& book_;
  std::vector<std::unique_ptr<Member>> members_;
  std::map<std::string, std::vector<Member*>> systems_;
  std::map<std::size_t, Member*> tickets_;  // of what is under way
  std::size_t last_ticket_ = 0;
  // Systems that have said what they are, and those that are being asked, with the ticket.
  std::set<std::string> answered_;
  std::map<std::string, std::size_t> greeting_;
  Workers workers_;  // last: its threads end before what they use
};

}  // namespace rescind::execute
