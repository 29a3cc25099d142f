// The least fixpoint: until when the subject can sign in or act, over everything that it holds and
// knows. Values only grow while the rules are applied; what would grow without end never ends.
#include "residual/residual.h"

#include <algorithm>
#include <map>
#include <set>

#include "residual/facts.h"

namespace rescind {
namespace {

// One way in, when it is had through something else.
struct Found {
  std::vector<std::string> path;
  Until until = kClosed;
  std::string why;
};

struct AccountState {
  ItemRef account;
  Until enabled = kClosed;
  Until can = kClosed;      // sign in
  Until session = kClosed;  // be signed in
  std::string through;      // how it is signed in to; "" directly
};

// One run: facts that are not known are taken as absent, or as present.
class Search {
 public:
  Search(const ResidualFacts& facts, bool unknown_present)
      : facts_(facts), inventory_(facts.inventory()), unknown_present_(unknown_present) {
    for (const std::uint32_t row : held(Kind::Account)) {
      accounts_.push_back({.account = ItemRef::of(Kind::Account, row), .through = {}});
    }
    std::sort(accounts_.begin(), accounts_.end(),
              [&](const AccountState& a, const AccountState& b) {
                return inventory_.id(a.account) < inventory_.id(b.account);
              });
  }

  std::vector<Found> run() {
    solve();
    std::vector<Found> found;
    report_accounts(found);
    report_items(found);
    report_known(found);
    report_controlled(found);
    return found;
  }

 private:
  [[nodiscard]] std::span<const std::uint32_t> held(Kind kind) const {
    return inventory_.by_holder[static_cast<std::size_t>(kind)].of(facts_.query().subject.row());
  }

  // Applies the rules until nothing grows. What still grows after as many rounds as there are
  // accounts keeps itself alive and is open for ever.
  void solve() {
    const std::size_t rounds = accounts_.size() + 2;
    for (std::size_t round = 0;; ++round) {
      bool grown = false;
      for (AccountState& state : accounts_) {
        const AccountState before = state;
        advance(state);
        const bool more = state.can > before.can || state.session > before.session ||
                          state.enabled > before.enabled;
        if (more && round >= rounds && state.session > before.session) {
          state.session = kForever;
        }
        grown = grown || more;
      }
      if (!grown) {
        return;
      }
    }
  }

  void advance(AccountState& state) {
    state.enabled = std::max(state.enabled, enabled(state));
    const auto [proof, through] = proof_of(state);
    const Until can = std::min(state.enabled, proof);
    if (can > state.can) {
      state.can = can;
      state.through = through;
    }
    state.session = std::max(state.session, minted(state));
  }

  // enabled a: as recorded until it is disabled; again when somebody can enable it after the last
  // disable.
  [[nodiscard]] Until enabled(const AccountState& state) const {
    const bool recorded = facts_.flag(state.account, "enabled").value_or(true);
    const Until first = recorded ? facts_.first_end(state.account) : kClosed;
    const Until last = recorded ? facts_.last_end(state.account) : until_of(facts_.query().from);
    const SystemRef system = inventory_.system(state.account);
    for (const AccountState& other : accounts_) {
      if (other.account == state.account || !system.valid()) {
        continue;
      }
      const Until able = std::max(other.can, other.session);
      if (able > last && administers(other.account, system)) {
        return kForever;
      }
      if (other.enabled > last && pushes(other.account, system)) {
        return kForever;
      }
    }
    return first;
  }

  [[nodiscard]] bool administers(ItemRef account, SystemRef system) const {
    const std::string_view id = inventory_.id(system);
    const std::vector<Symbol> systems = facts_.set_of(account, "administers");
    return std::any_of(systems.begin(), systems.end(),
                       [&](Symbol one) { return inventory_.text(one) == id; });
  }

  [[nodiscard]] bool pushes(ItemRef account, SystemRef system) const {
    const SystemRef own = inventory_.system(account);
    const std::vector<SystemRef> targets = facts_.systems_of(own, system_attribute::kPushesTo);
    return std::find(targets.begin(), targets.end(), system) != targets.end();
  }

  // What the subject signs in with: its own password, or a session at an identity provider.
  [[nodiscard]] std::pair<Until, std::string> proof_of(const AccountState& state) const {
    const SystemRef system = inventory_.system(state.account);
    const std::vector<SystemRef> providers =
        facts_.systems_of(system, system_attribute::kFederatedBy);
    std::pair<Until, std::string> best{kClosed, {}};
    const std::optional<bool> local = facts_.flag(state.account, "local_login");
    if (local.value_or(providers.empty() || unknown_present_)) {
      best.first = password(state.account);
    }
    for (const AccountState& other : accounts_) {
      if (other.account == state.account ||
          std::find(providers.begin(), providers.end(), inventory_.system(other.account)) ==
              providers.end()) {
        continue;
      }
      const Until session = std::max(other.session, listed_session(other.account));
      if (session > best.first) {
        best = {session, facts_.label(other.account)};
      }
    }
    return best;
  }

  [[nodiscard]] Until password(ItemRef account) const {
    const auto rows =
        inventory_.by_account[static_cast<std::size_t>(Kind::Password)].of(account.row());
    Until until = rows.empty() ? kForever : kClosed;
    for (const std::uint32_t row : rows) {
      until = std::max(until, facts_.usable(ItemRef::of(Kind::Password, row)));
    }
    const ItemRef recovery = facts_.item_of(account, "recovery_channel");
    if (recovery.valid()) {
      until = std::max(until, reach(recovery));
    }
    return until;
  }

  // How long the subject controls a recovery channel: an account it is in, or an item it holds.
  [[nodiscard]] Until reach(ItemRef item) const {
    const auto own = std::find_if(accounts_.begin(), accounts_.end(),
                                  [&](const AccountState& one) { return one.account == item; });
    if (own != accounts_.end()) {
      return std::max(own->can, own->session);
    }
    return inventory_.holder(item) == facts_.query().subject ? facts_.usable(item) : kClosed;
  }

  [[nodiscard]] Until listed_session(ItemRef account) const {
    Until until = kClosed;
    for (const std::uint32_t row :
         inventory_.by_account[static_cast<std::size_t>(Kind::Session)].of(account.row())) {
      until = std::max(until, facts_.usable(ItemRef::of(Kind::Session, row)));
    }
    return until;
  }

  // What is minted up to the last instant of signing in lives on until it is swept, or its life is
  // over.
  [[nodiscard]] Until minted(const AccountState& state) const {
    if (state.can == kClosed || state.can == kForever) {
      return state.can;
    }
    const Until swept = facts_.swept(state.account);
    if (swept != kForever && swept >= state.can &&
        facts_.listable(inventory_.system(state.account), Kind::Session)) {
      return swept;
    }
    if (const std::optional<Seconds> life = facts_.life(state.account)) {
      return state.can > kForever - life->count() ? kForever : state.can + life->count();
    }
    return unknown_present_ ? kForever : state.can;
  }

  void report_accounts(std::vector<Found>& found) const {
    for (const AccountState& state : accounts_) {
      Found one{.path = {}, .until = state.can, .why = "the account can be signed in to"};
      if (!state.through.empty()) {
        one.path.push_back(state.through);
      }
      one.path.push_back(facts_.label(state.account));
      found.push_back(one);
      if (state.session > state.can) {
        one.path.emplace_back("session");
        one.until = state.session;
        one.why = "a session that is opened before the account closes lives on";
        found.push_back(std::move(one));
      }
    }
  }

  void report_item(std::vector<Found>& found, ItemRef item, std::string why) const {
    Found one{.path = {facts_.label(item)}, .until = facts_.usable(item), .why = std::move(why)};
    if (const std::string whom = impersonated(item); !whom.empty()) {
      one.path.push_back("act as " + whom);
    }
    found.push_back(std::move(one));
  }

  // Whom a credential lets its user act as, other than its holder; "" nobody.
  [[nodiscard]] std::string impersonated(ItemRef item) const {
    const auto index = inventory_.schema->find(entity_of(item.kind()), "impersonates");
    const IdentityRef whom{index ? inventory_.word(item, *index) : kMissingCell};
    return whom.valid() ? std::string(inventory_.id(whom)) : std::string();
  }

  void report_items(std::vector<Found>& found) const {
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      for (const std::uint32_t row : held(kind)) {
        report_held(found, ItemRef::of(kind, row));
      }
      if (kind == Kind::Delegation || kind == Kind::Share) {
        for (const std::uint32_t row : inventory_.by_grantee[k].of(facts_.query().subject.row())) {
          report_item(found, ItemRef::of(kind, row), "it was granted by somebody else");
        }
      }
    }
  }

  void report_held(std::vector<Found>& found, ItemRef item) const {
    switch (item.kind()) {
    case Kind::Session:
    case Kind::Token:
      report_item(found, item, "it is live");
      return;
    case Kind::Password:
      if (!inventory_.account(item).valid()) {
        report_item(found, item, "it is known");
      }
      return;
    case Kind::Secret:
    case Kind::ApiKey:
    case Kind::Certificate:
    case Kind::SshKey:
    case Kind::Checkout:
    case Kind::BreakGlass:
      report_item(found, item, "it can be used without signing in");
      return;
    case Kind::Delegation:
    case Kind::Share:
      report_item(found, item, "it gives access in somebody else's name");
      return;
    case Kind::Device:
      if (!facts_.flag(item, "returned").value_or(false)) {
        report_item(found, item, "what is stored on it can be read");
      }
      return;
    case Kind::Account:
    case Kind::Group:
    case Kind::Role:
    case Kind::Permission:
    case Kind::License:
    case Kind::Data:
      return;  // give nothing to who cannot sign in
    }
  }

  // Acting as somebody else: with a secret of theirs.
  void report_known(std::vector<Found>& found) const {
    for (const ItemRef secret : facts_.known()) {
      const IdentityRef holder = inventory_.holder(secret);
      if (holder == facts_.query().subject) {
        continue;
      }
      Found one{.path = {facts_.label(secret)},
                .until = facts_.usable(secret),
                .why = "its value is known"};
      if (const std::string whom = impersonated(secret); !whom.empty()) {
        one.path.push_back("act as " + whom);
      } else if (holder.valid()) {
        one.path.push_back("act as " + std::string(inventory_.id(holder)));
      }
      const ItemRef account = inventory_.account(secret);
      found.push_back(one);
      if (account.valid() && unknown_present_) {
        // A rotation ends no session, and who opened these cannot be told.
        const Until session = listed_session(account);
        if (session > one.until) {
          one.path.emplace_back("session");
          one.until = session;
          one.why = "a session may have been opened with it; rotating does not end it";
          found.push_back(std::move(one));
        }
      }
    }
  }

  // Acting as a machine identity by changing its code or image. Through which account that is done
  // is not recorded: perhaps through any that is still open.
  void report_controlled(std::vector<Found>& found) const {
    const Column& column =
        inventory_.table(Entity::Identity).columns[identity_attribute::kControls];
    const SetId controlled{column.word_at(facts_.query().subject.row())};
    if (controlled == kMissingSet) {
      return;
    }
    const AccountState* last = nullptr;
    for (const AccountState& state : accounts_) {
      if (last == nullptr || signed_in(state) > signed_in(*last)) {
        last = &state;
      }
    }
    for (const std::uint32_t symbol : inventory_.sets.elements(controlled)) {
      Found one{.path = {},
                .until = unknown_present_ ? kForever : kClosed,
                .why = "its code or image is controlled, nobody knows from where"};
      if (last != nullptr) {
        one.path.push_back(facts_.label(last->account));
        one.until = unknown_present_ ? signed_in(*last) : kClosed;
        one.why = "its code or image may be changed from there";
      }
      one.path.push_back("act as " + std::string(inventory_.text(Symbol{symbol})));
      found.push_back(std::move(one));
    }
  }

  [[nodiscard]] Until signed_in(const AccountState& state) const {
    return std::max({state.can, state.session, listed_session(state.account)});
  }

  const ResidualFacts& facts_;
  const Inventory& inventory_;
  bool unknown_present_;
  std::vector<AccountState> accounts_;
};

std::optional<Instant> instant_of(Until until) {
  return until == kForever ? std::nullopt : std::optional(Instant(Seconds(until)));
}

// Listings that failed or were cut short, and records that may not be decided on.
void report_unlisted(const ResidualFacts& facts, std::vector<ResidualPath>& paths) {
  const Inventory& inventory = facts.inventory();
  const auto accounts =
      inventory.by_holder[static_cast<std::size_t>(Kind::Account)].of(facts.query().subject.row());
  std::set<std::string> systems;
  for (const std::uint32_t row : accounts) {
    const SystemRef system = inventory.system(ItemRef::of(Kind::Account, row));
    if (system.valid()) {
      systems.insert(std::string(inventory.id(system)));
    }
  }
  for (const InventorySource& source : inventory.sources) {
    for (const std::string& incomplete : source.incomplete) {
      const std::string system = incomplete.substr(0, incomplete.find(' '));
      if (systems.contains(system)) {
        paths.push_back({.path = {"system " + system},
                         .state = PathState::Unknown,
                         .why = "its listing is not complete: " + incomplete,
                         .until = std::nullopt});
      }
    }
  }
}

}  // namespace

ResidualAccess find_residual_access(const Inventory& inventory, const ResidualQuery& query) {
  ResidualAccess result;
  if (!query.subject.valid()) {
    return result;
  }
  const ResidualFacts facts(inventory, query);
  std::map<std::vector<std::string>, std::pair<Until, std::string>> open;
  for (const Found& found : Search(facts, false).run()) {
    auto& entry = open.try_emplace(found.path, kClosed, found.why).first->second;
    entry.first = std::max(entry.first, found.until);
  }
  Until last = until_of(query.from);
  std::set<std::vector<std::string>> reported;
  for (const Found& found : Search(facts, true).run()) {
    last = std::max(last, found.until);
    if (found.until <= facts.last_change() || !reported.insert(found.path).second) {
      continue;
    }
    const auto sure = open.find(found.path);
    const bool surely = sure != open.end() && sure->second.first > facts.last_change();
    result.paths.push_back({.path = found.path,
                            .state = surely ? PathState::Open : PathState::Unknown,
                            .why = surely ? sure->second.second : found.why,
                            .until = instant_of(surely ? sure->second.first : found.until)});
  }
  for (const auto& [path, entry] : open) {
    last = std::max(last, entry.first);
    if (entry.first > facts.last_change() && reported.insert(path).second) {
      result.paths.push_back({.path = path,
                              .state = PathState::Open,
                              .why = entry.second,
                              .until = instant_of(entry.first)});
    }
  }
  report_unlisted(facts, result.paths);
  const bool unlisted = std::any_of(result.paths.begin(), result.paths.end(),
                                    [](const ResidualPath& path) { return !path.until; });
  std::sort(result.paths.begin(), result.paths.end(),
            [](const ResidualPath& a, const ResidualPath& b) {
              return std::tie(a.path, a.state) < std::tie(b.path, b.state);
            });
  if (!unlisted && last != kForever) {
    result.last_path_closes_at = instant_of(last);
  }
  return result;
}

}  // namespace rescind
