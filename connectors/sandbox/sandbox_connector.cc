// The sandbox behind the connector port: scripted faults first, then the verb itself, in one
// transaction.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "connectors/sandbox/connector.h"
#include "connectors/sandbox/sandbox_verbs.h"

namespace rescind::sandbox {
namespace {

constexpr std::size_t kMaxSeedBytes = 256U << 20U;

// Faults of the connection strike every call; the others only requests that change something,
// unless the call is named.
bool strikes_everything(SandboxFaultKind kind) {
  return kind == SandboxFaultKind::Latency || kind == SandboxFaultKind::Refused ||
         kind == SandboxFaultKind::AuthFailed;
}

std::string request_line(const std::string& system, const ActionRequest& request) {
  std::string line = "sandbox " + system + ": " + std::string(verb_name(request.verb)) + " " +
                     std::string(kind_name(request.item.kind)) + " " +
                     (request.item.native_id.empty() ? request.item.item : request.item.native_id);
  if (!request.target.empty()) {
    line += " to " + request.target;
  }
  if (!request.text.empty()) {
    line += " to \"" + request.text + "\"";
  }
  return line;
}

}  // namespace

ActionResult answer_of(ResultClass result, std::string detail) {
  ActionResult answer;
  answer.result = result;
  answer.detail = std::move(detail);
  return answer;
}

Result<Capabilities> SandboxConnector::capabilities() {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("capabilities", ""));
  Capabilities capabilities;
  capabilities.connector = "sandbox";
  capabilities.version = "2";
  capabilities.endpoint = "sandbox:" + std::filesystem::path(path_).filename().string();
  capabilities.enumerable = kAllKinds;
  capabilities.successors = kCredentialKinds;
  capabilities.receives = {DeliveryKind::Vault};
  capabilities.evidence = {{"sandbox", kCredentialKinds | Kind::Account, Seconds(0), {}}};
  for (std::size_t v = 0; v < kVerbCount; ++v) {
    const Verb verb = static_cast<Verb>(v);
    if (verb == Verb::Restore) {
      continue;
    }
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      if (verb_kinds(verb).contains(kind)) {
        VerbSupport support;
        support.verb = verb;
        support.kind = kind;
        support.reversible = can_put_back(verb, kind) ? Reversible::Yes : Reversible::Never;
        capabilities.verbs.push_back(support);
      }
    }
  }
  return capabilities;
}

// The first fault that strikes this call; spent ones no longer do.
Result<Fault> SandboxConnector::take_fault(const std::string& call, const std::string& item,
                                           bool changes) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      file_.prepare("SELECT sequence, kind, system, call, item, value, times FROM faults "
                    "WHERE times <> 0 AND kind <> ? AND system IN ('', ?) AND "
                    "call IN ('', ?) ORDER BY sequence"));
  // Truncated listings are the listing's own business.
  select.bind(std::int64_t{static_cast<std::uint8_t>(SandboxFaultKind::TruncatedListing)})
      .bind(system_)
      .bind(call);
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return Fault{};
    }
    SandboxFault fault;
    fault.kind = static_cast<SandboxFaultKind>(select.number(1));
    fault.system = select.text(2);
    fault.call = select.text(3);
    fault.item = select.text(4);
    fault.value = select.number(5);
    fault.times = select.number(6);
    const bool hits = fault.item.empty() || glob_match(fault.item, item);
    if (!hits || (fault.call.empty() && !changes && !strikes_everything(fault.kind))) {
      continue;
    }
    if (fault.times > 0) {
      RESCIND_ASSIGN_OR_RETURN(
          auto spend, file_.prepare("UPDATE faults SET times = times - 1 WHERE sequence = ?"));
      RESCIND_RETURN_IF_ERROR(spend.bind(select.number(0)).run());
    }
    if (fault.kind == SandboxFaultKind::Latency) {
      select.reset();
      clock_.sleep_for(std::chrono::milliseconds(fault.value));
      return Fault{};
    }
    return Fault(fault);
  }
}

Status SandboxConnector::reject_faulty_read(const std::string& call, const std::string& item) {
  RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault(call, item, false));
  if (!fault) {
    return {};
  }
  if (fault->kind == SandboxFaultKind::AuthFailed) {
    return fail(ErrorKind::Auth, "sandbox " + system_ + ": 401, our credential was refused");
  }
  if (fault->kind == SandboxFaultKind::Refused) {
    return fail(ErrorKind::Network, "sandbox " + system_ + ": connection refused",
                RetryAdvice::Safe);
  }
  if (fault->kind == SandboxFaultKind::Throttled) {
    return fail(ErrorKind::Limit, "sandbox " + system_ + ": 429, too many requests",
                RetryAdvice::Safe);
  }
  return fail(ErrorKind::Protocol, "sandbox " + system_ + ": 500, internal error",
              RetryAdvice::Safe);
}

// Changes that a slow system accepted earlier and that are due now.
Status SandboxConnector::apply_pending() {
  RESCIND_ASSIGN_OR_RETURN(const std::int64_t waiting,
                           file_.query_int("SELECT count(*) FROM pending", 0));
  if (waiting == 0) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
  {
    RESCIND_ASSIGN_OR_RETURN(auto select,
                             file_.prepare("SELECT marker, verb, item, target, text FROM pending "
                                           "WHERE system = ? AND due <= ? ORDER BY sequence"));
    select.bind(system_).bind(now());
    while (true) {
      RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
      if (!row) {
        break;
      }
      ActionRequest request;
      request.marker = select.text(0);
      request.verb = find_verb(select.text(1)).value_or(Verb::Disable);
      request.item.item = select.text(2);
      request.target = select.text(3);
      request.text = select.text(4);
      RESCIND_ASSIGN_OR_RETURN(auto item, find(request.item));
      if (item && !goal_holds(*item, request)) {
        RESCIND_RETURN_IF_ERROR(apply_verb(file_, *item, request));
      }
    }
    RESCIND_ASSIGN_OR_RETURN(auto clear,
                             file_.prepare("DELETE FROM pending WHERE system = ? AND due <= ?"));
    RESCIND_RETURN_IF_ERROR(clear.bind(system_).bind(now()).run());
  }
  return transaction.commit();
}

Status SandboxConnector::postpone(const ActionRequest& request, std::int64_t seconds) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert,
      file_.prepare("INSERT INTO pending (due, system, marker, verb, item, target, text) "
                    "VALUES (?,?,?,?,?,?,?)"));
  return insert.bind(now() + seconds)
      .bind(system_)
      .bind(request.marker)
      .bind(verb_name(request.verb))
      .bind(request.item.item)
      .bind(request.target)
      .bind(request.text)
      .run();
}

Result<Discovery> SandboxConnector::list(std::string_view where,
                                         const std::vector<std::string>& values,
                                         const std::vector<Kind>& kinds) {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("discover", ""));
  RESCIND_RETURN_IF_ERROR(apply_pending());
  RESCIND_ASSIGN_OR_RETURN(auto items, select_items(file_, where, values));
  Discovery discovery;
  for (const Kind kind : kinds) {
    std::vector<const Item*> live;
    for (const Item& item : items) {
      if (item.kind == kind && is_live(item)) {
        live.push_back(&item);
      }
    }
    ListingState listing{std::string(kind_name(kind)), true, ""};
    RESCIND_ASSIGN_OR_RETURN(auto cut,
                             file_.prepare("SELECT sequence FROM faults WHERE kind = ? AND "
                                           "system IN ('', ?) AND item = ? AND times <> 0"));
    cut.bind(std::int64_t{static_cast<std::uint8_t>(SandboxFaultKind::TruncatedListing)})
        .bind(system_)
        .bind(kind_name(kind));
    RESCIND_ASSIGN_OR_RETURN(const bool truncated, cut.step());
    if (truncated) {
      RESCIND_ASSIGN_OR_RETURN(
          auto spend,
          file_.prepare("UPDATE faults SET times = times - 1 WHERE sequence = ? AND times > 0"));
      RESCIND_RETURN_IF_ERROR(spend.bind(cut.number(0)).run());
      live.resize(live.size() / 2);
      listing.complete = false;
      listing.why = "the second page was cut off";
    }
    for (const Item* item : live) {
      DiscoveredRecord record;
      record.json = record_of_item(*item);
      discovery.records.push_back(std::move(record));
    }
    discovery.listings.push_back(std::move(listing));
  }
  return discovery;
}

Result<Discovery> SandboxConnector::discover() {
  std::vector<Kind> kinds;
  for (std::size_t k = 0; k < kKindCount; ++k) {
    kinds.push_back(static_cast<Kind>(k));
  }
  return list("system = ? AND present = 1", {system_}, kinds);
}

Result<Discovery> SandboxConnector::discover_account(const ItemAddress& account) {
  return list("account = ? AND present = 1", {account.item},
              {Kind::Session, Kind::Token, Kind::Checkout, Kind::Delegation});
}

Result<Observation> SandboxConnector::observe(const ItemAddress& address) {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("observe", address.item));
  RESCIND_RETURN_IF_ERROR(apply_pending());
  RESCIND_ASSIGN_OR_RETURN(auto item, find(address));
  Observation seen;
  if (!item || !item->present) {
    seen.presence = Presence::Absent;
    return seen;
  }
  seen.presence = Presence::Present;
  if (item->kind == Kind::Account || kCredentialKinds.contains(item->kind) ||
      item->kind == Kind::BreakGlass) {
    seen.enabled = item->enabled;
  }
  if (!item->holder.empty()) {
    seen.facts["holder"] = item->holder;
  }
  seen.facts["account"] = item->account;
  if (!item->level.empty()) {
    seen.facts["level"] = item->level;
  }
  if (kEntitlementKinds.contains(item->kind)) {
    RESCIND_ASSIGN_OR_RETURN(const bool last, is_last_holder(file_, *item));
    seen.facts["last_holder"] = last ? "true" : "false";
  }
  seen.facts["version"] = std::to_string(item->version);
  if (item->kind == Kind::Account) {
    RESCIND_ASSIGN_OR_RETURN(
        auto sessions,
        select_items(file_, "account = ? AND kind = 'session' AND present = 1", {item->id}));
    seen.facts["sessions"] = std::to_string(sessions.size());
  }
  seen.state = state_of_item(*item);
  return seen;
}

// Faults that answer instead of the system. Nothing: the verb runs.
std::optional<ActionResult> SandboxConnector::answer_without_effect(const Fault& fault) const {
  if (!fault) {
    return std::nullopt;
  }
  switch (fault->kind) {
  case SandboxFaultKind::Refused:
    return answer_of(ResultClass::Failed, "connection refused");
  case SandboxFaultKind::AuthFailed:
    return answer_of(ResultClass::AuthFailed, "401, our credential was refused");
  case SandboxFaultKind::Throttled: {
    ActionResult answer = answer_of(ResultClass::Throttled, "429, too many requests");
    answer.until = clock_.now() + Seconds(fault->value);
    return answer;
  }
  case SandboxFaultKind::ServerError:
    return answer_of(ResultClass::Unknown, "500, internal error");
  case SandboxFaultKind::TimeoutBeforeEffect:
    return answer_of(ResultClass::Unknown, "no answer in time");
  case SandboxFaultKind::Lying:
    return answer_of(ResultClass::Changed, "200");
  case SandboxFaultKind::Conflict:
    return answer_of(ResultClass::Conflict, "409, changed by somebody else");
  case SandboxFaultKind::NeedsHuman:
    return answer_of(ResultClass::NeedsHuman, "only a person can do that here");
  case SandboxFaultKind::NeedsCodeChange:
    return answer_of(ResultClass::NeedsCodeChange, "its consumers must change first");
  case SandboxFaultKind::Unsupported:
    return answer_of(ResultClass::Unsupported, "this system cannot do that");
  case SandboxFaultKind::Latency:
  case SandboxFaultKind::TimeoutAfterEffect:
  case SandboxFaultKind::SlowEffect:
  case SandboxFaultKind::Async:
  case SandboxFaultKind::Residual:
  case SandboxFaultKind::TruncatedListing:
  case SandboxFaultKind::LostSecret:
  case SandboxFaultKind::Deaf:
    return std::nullopt;
  }
  return std::nullopt;
}

Result<ActionResult> SandboxConnector::act_unless_done(const ActionRequest& request,
                                                       const Fault& fault) {
  RESCIND_ASSIGN_OR_RETURN(auto item, find(request.item));
  if (!item || !item->present) {
    return answer_of(ResultClass::Absent, "404 by exact id");
  }
  if (request.verb == Verb::Replace) {
    return answer_of(ResultClass::Unsupported, "a successor is made and delivered part by part");
  }
  if (goal_holds(*item, request)) {
    return answer_of(ResultClass::AlreadyDone, "was so already");
  }
  RESCIND_ASSIGN_OR_RETURN(auto refusal, find_refusal(file_, *item, request));
  if (refusal) {
    return *refusal;
  }
  if (fault &&
      (fault->kind == SandboxFaultKind::SlowEffect || fault->kind == SandboxFaultKind::Async)) {
    RESCIND_RETURN_IF_ERROR(postpone(request, fault->value));
    return fault->kind == SandboxFaultKind::Async ? answer_of(ResultClass::Async, "202, accepted")
                                                  : answer_of(ResultClass::Changed, "200");
  }
  ActionResult answer = answer_of(ResultClass::Changed, "200");
  if (fault && fault->kind == SandboxFaultKind::Residual) {
    item->residual_until = clock_.now() + Seconds(fault->value);
    answer.result = ResultClass::ResidualUntil;
    answer.until = clock_.now() + Seconds(fault->value);
    answer.detail = "done, what was handed out before lasts a while";
  }
  RESCIND_RETURN_IF_ERROR(apply_verb(file_, *item, request));
  return answer;
}

Result<ActionResult> SandboxConnector::act(const ActionRequest& request) {
  RESCIND_ASSIGN_OR_RETURN(
      const Fault fault, take_fault(std::string(verb_name(request.verb)), request.item.item, true));
  if (auto answer = answer_without_effect(fault)) {
    return *answer;
  }
  RESCIND_RETURN_IF_ERROR(apply_pending());
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
  RESCIND_ASSIGN_OR_RETURN(ActionResult answer, act_unless_done(request, fault));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  if (fault && fault->kind == SandboxFaultKind::TimeoutAfterEffect) {
    return answer_of(ResultClass::Unknown, "no answer in time");
  }
  return answer;
}

ActionResult SandboxConnector::perform(const ActionRequest& request) {
  auto answer = act(request);
  if (!answer) {
    return answer_of(ResultClass::Failed, answer.error().to_string());
  }
  answer->requests.push_back(request_line(system_, request));
  if (answer->result != ResultClass::Unknown && answer->detail != "connection refused") {
    answer->response_digest = sha256_digest(answer->detail);
  }
  return *std::move(answer);
}

ProbeResult SandboxConnector::probe(const ActionRequest& request) {
  ProbeResult result;
  if (auto reachable = reject_faulty_read("probe", request.item.item); !reachable) {
    result.detail = reachable.error().message();
    return result;
  }
  if (auto settled = apply_pending(); !settled) {
    result.detail = settled.error().message();
    return result;
  }
  auto item = find(request.item);
  if (!item) {
    result.detail = item.error().message();
    return result;
  }
  if (!*item || !(*item)->present) {
    const bool keeps = request.verb == Verb::Transfer || request.verb == Verb::Redirect ||
                       request.verb == Verb::Archive;
    result.answer = keeps ? ProbeAnswer::NotDone : ProbeAnswer::Done;
    result.detail = "not there, read by exact id";
  } else if (goal_holds(**item, request)) {
    result.answer = ProbeAnswer::Done;
    result.detail = "read back as asked";
  } else {
    result.answer = ProbeAnswer::NotDone;
    result.detail = "still as before";
  }
  if (*item && (*item)->residual_until && *(*item)->residual_until > clock_.now()) {
    result.residual_until = (*item)->residual_until;
  }
  return result;
}

ActionResult SandboxConnector::undo(const ActionRequest& request) {
  auto run = [&]() -> Result<ActionResult> {
    RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault("undo", request.item.item, true));
    if (auto answer = answer_without_effect(fault)) {
      return *answer;
    }
    RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
    RESCIND_ASSIGN_OR_RETURN(auto item, find(request.item));
    if (!item) {
      return answer_of(ResultClass::Failed, "it was never here");
    }
    RESCIND_ASSIGN_OR_RETURN(ActionResult answer, undo_verb(file_, *item, request));
    RESCIND_RETURN_IF_ERROR(transaction.commit());
    return answer;
  };
  auto answer = run();
  if (!answer) {
    return answer_of(ResultClass::Failed, answer.error().to_string());
  }
  answer->requests.push_back("undo " + request_line(system_, request));
  return *std::move(answer);
}

std::vector<std::string> SandboxConnector::preview(const ActionRequest& request) {
  return {request_line(system_, request)};
}

Status SandboxConnector::seed_once(const std::string& source) {
  RESCIND_ASSIGN_OR_RETURN(auto items, select_items(file_, "system = ?", {system_}));
  if (!items.empty()) {
    return {};
  }
  std::vector<std::string> paths;
  std::error_code failed;
  if (std::filesystem::is_directory(source, failed)) {
    for (const auto& entry : std::filesystem::directory_iterator(source, failed)) {
      if (entry.path().extension() == ".jsonl") {
        paths.push_back(entry.path().string());
      }
    }
    std::sort(paths.begin(), paths.end());
  } else {
    paths.push_back(source);
  }
  RESCIND_ASSIGN_OR_RETURN(auto world, open_sandbox_world(path_));
  for (const std::string& path : paths) {
    RESCIND_ASSIGN_OR_RETURN(const std::string text, read_file(path, kMaxSeedBytes));
    if (auto seeded = world->seed(text); !seeded) {
      return tl::unexpected(seeded.error().add_context("reading `" + path + "`"));
    }
  }
  return {};
}

}  // namespace rescind::sandbox

namespace rescind {

Result<std::unique_ptr<Connector>> make_sandbox_connector(const ConnectorConfig& config,
                                                          Clock& clock) {
  std::string path;
  std::string seed;
  for (const auto& [key, value] : config.settings) {
    if (key == "path") {
      path = value;
    } else if (key == "seed") {
      seed = value;
    } else {
      return fail(ErrorKind::Unsupported,
                  "the sandbox has no setting `" + key + "`; it knows `path` and `seed`");
    }
  }
  if (path.empty()) {
    return fail(ErrorKind::NotFound,
                "the sandbox of `" + config.system + "` needs `path`, its file");
  }
  RESCIND_ASSIGN_OR_RETURN(auto file, sandbox::open_file(path));
  auto connector =
      std::make_unique<sandbox::SandboxConnector>(config.system, path, std::move(file), clock);
  if (!seed.empty()) {
    RESCIND_RETURN_IF_ERROR(connector->seed_once(seed));
  }
  return std::unique_ptr<Connector>(std::move(connector));
}

}  // namespace rescind
