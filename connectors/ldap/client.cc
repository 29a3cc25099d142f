// LDAP over libldap: verified TLS, no referrals followed, bounded waiting.
#include "connectors/ldap/client.h"

#include <array>

#include <lber.h>
#include <ldap.h>
#include <sys/time.h>

#include "connectors/ldap/names.h"
#include "connectors/support/sigpipe.h"

namespace rescind::ldap {
namespace {

constexpr std::size_t kMaxDiagnostic = 200;

struct MessageFree {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};

struct BerFree {
  void operator()(BerElement* ber) const { ber_free(ber, 0); }
};

struct MemFree {
  void operator()(void* memory) const { ldap_memfree(memory); }
};

struct ControlFree {
  void operator()(LDAPControl* control) const { ldap_control_free(control); }
};

struct ControlsFree {
  void operator()(LDAPControl** controls) const { ldap_controls_free(controls); }
};

using Message = std::unique_ptr<LDAPMessage, MessageFree>;
using OwnedControl = std::unique_ptr<LDAPControl, ControlFree>;

timeval to_timeval(Seconds seconds) {
  timeval value{};
  value.tv_sec = static_cast<decltype(value.tv_sec)>(seconds.count());
  return value;
}

// berval holds a pointer to writable bytes although libldap only reads them here.
berval to_berval(const std::string& text) {
  berval value{};
  value.bv_len = static_cast<ber_len_t>(text.size());
  value.bv_val = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return value;
}

std::string text_of(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      c = ' ';
    }
  }
  if (text.size() > kMaxDiagnostic) {
    text.resize(kMaxDiagnostic);
  }
  return text;
}

std::string option_text(LDAP* ld, int option) {
  char* text = nullptr;
  if (ldap_get_option(ld, option, &text) != LDAP_OPT_SUCCESS || text == nullptr) {
    return {};
  }
  const std::unique_ptr<char, MemFree> owned(text);
  return text_of(text);
}

std::string explain(int result, const std::string& diagnostic) {
  std::string text = "the server answered " + std::to_string(result) + " (" +
                     std::string(ldap_err2string(result)) + ")";
  return diagnostic.empty() ? text : text + ": " + diagnostic;
}

Entry take_entry(LDAP* ld, LDAPMessage* message) {
  Entry entry;
  const std::unique_ptr<char, MemFree> dn(ldap_get_dn(ld, message));
  entry.dn = dn == nullptr ? "" : dn.get();
  BerElement* cursor = nullptr;
  char* name = ldap_first_attribute(ld, message, &cursor);
  const std::unique_ptr<BerElement, BerFree> owned_cursor(cursor);
  while (name != nullptr) {
    const std::unique_ptr<char, MemFree> owned_name(name);
    std::vector<std::string>& values = entry.values[lower(name)];
    if (berval** list = ldap_get_values_len(ld, message, name); list != nullptr) {
      for (berval** one = list; *one != nullptr; ++one) {
        values.emplace_back((*one)->bv_val, (*one)->bv_len);
      }
      ldap_value_free_len(list);
    }
    name = ldap_next_attribute(ld, message, cursor);
  }
  return entry;
}

// The value of the assertion control is the filter in BER, which libldap encodes itself.
OwnedControl assertion_control(LDAP* ld, const std::string& filter) {
  std::string copy = filter;
  LDAPControl* control = nullptr;
  if (ldap_create_assertion_control(ld, copy.data(), 1, &control) != LDAP_SUCCESS) {
    return nullptr;
  }
  return OwnedControl(control);
}

int ldap_op(Change::Op op) {
  switch (op) {
  case Change::Op::Add:
    return LDAP_MOD_ADD;
  case Change::Op::Delete:
    return LDAP_MOD_DELETE;
  case Change::Op::Replace:
    return LDAP_MOD_REPLACE;
  }
  return LDAP_MOD_ADD;
}

// libldap's form of a list of changes; borrows the strings of `changes`.
class ModList {
 public:
  explicit ModList(const std::vector<Change>& changes) : parts_(changes.size()) {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      Part& part = parts_[i];
      for (const std::string& value : changes[i].values) {
        part.values.push_back(to_berval(value));
      }
      for (berval& value : part.values) {
        part.pointers.push_back(&value);
      }
      part.pointers.push_back(nullptr);
      part.name = changes[i].attribute;
      part.mod.mod_op = ldap_op(changes[i].op) | LDAP_MOD_BVALUES;
      part.mod.mod_type = part.name.data();
      part.mod.mod_bvalues = part.values.empty() ? nullptr : part.pointers.data();
      list_.push_back(&part.mod);
    }
    list_.push_back(nullptr);
  }

  LDAPMod** get() { return list_.data(); }

 private:
  struct Part {
    std::string name;
    std::vector<berval> values;
    std::vector<berval*> pointers;
    LDAPMod mod{};
  };

  std::vector<Part> parts_;
  std::vector<LDAPMod*> list_;
};

// WHY: libldap fills its globals at the first call without a lock; two systems may come at once.
void initialise_library() {
  static const int once = [] {
    int version = 0;
    return ldap_get_option(nullptr, LDAP_OPT_PROTOCOL_VERSION, &version);
  }();
  static_cast<void>(once);
}

bool is_stale(const Answer& answer) {
  return answer.delivery == Delivery::MaybeSent && answer.result == LDAP_SERVER_DOWN;
}

}  // namespace

struct Client::Handle {
  LDAP* ld = nullptr;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle(Handle&&) = delete;
  Handle& operator=(Handle&&) = delete;

  ~Handle() {
    if (ld != nullptr) {
      const SigpipeBlock sigpipe;
      ldap_unbind_ext_s(ld, nullptr, nullptr);
    }
  }
};

const std::vector<std::string>& Entry::all(std::string_view attribute) const {
  static const std::vector<std::string> none;
  const auto it = values.find(lower(attribute));
  return it == values.end() ? none : it->second;
}

std::string Entry::first(std::string_view attribute) const {
  const std::vector<std::string>& list = all(attribute);
  return list.empty() ? std::string() : list.front();
}

Client::Client(ClientSettings settings) : settings_(std::move(settings)) {}

Client::~Client() = default;

Answer Client::failed(int result, bool sent) {
  Answer answer;
  answer.result = result;
  answer.delivery = sent ? Delivery::MaybeSent : Delivery::NotSent;
  answer.diagnostic =
      handle_ == nullptr ? std::string() : option_text(handle_->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE);
  answer.why = (sent ? "no answer from " : "no connection to ") + settings_.url + ": " +
               ldap_err2string(result);
  if (!answer.diagnostic.empty()) {
    answer.why += " (" + answer.diagnostic + ")";
  }
  handle_.reset();
  return answer;
}

Answer Client::connect() {
  if (handle_ != nullptr) {
    Answer ready;
    ready.delivery = Delivery::Answered;
    ready.result = code::kSuccess;
    return ready;
  }
  initialise_library();
  handle_ = std::make_unique<Handle>();
  if (const int result = ldap_initialize(&handle_->ld, settings_.url.c_str());
      result != LDAP_SUCCESS) {
    handle_->ld = nullptr;
    handle_.reset();
    return failed(result, false);
  }
  LDAP* ld = handle_->ld;
  const int version = LDAP_VERSION3;
  ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);  // they would carry our bind elsewhere
  const timeval connect_timeout = to_timeval(settings_.connect_timeout);
  const timeval timeout = to_timeval(settings_.timeout);
  ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &connect_timeout);
  ldap_set_option(ld, LDAP_OPT_TIMEOUT, &timeout);
  const bool tls = settings_.start_tls || settings_.url.starts_with("ldaps:");
  if (tls) {
    const int demand = LDAP_OPT_X_TLS_DEMAND;
    const int minimum = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    const int as_client = 0;
    ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &minimum);
    if (!settings_.ca_file.empty() &&
        ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, settings_.ca_file.c_str()) !=
            LDAP_OPT_SUCCESS) {
      return failed(LDAP_CONNECT_ERROR, false);
    }
    if (ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &as_client) != LDAP_OPT_SUCCESS) {
      Answer answer = failed(LDAP_CONNECT_ERROR, false);
      answer.why = "cannot read the certificates in `" + settings_.ca_file + "`";
      return answer;
    }
  }
  if (settings_.start_tls) {
    if (const int result = ldap_start_tls_s(ld, nullptr, nullptr); result != LDAP_SUCCESS) {
      return failed(result, false);
    }
  }
  return bind();
}

Answer Client::bind() {
  berval credential = to_berval(settings_.password);
  const int result =
      ldap_sasl_bind_s(handle_->ld, settings_.bind_dn.empty() ? nullptr : settings_.bind_dn.c_str(),
                       LDAP_SASL_SIMPLE, &credential, nullptr, nullptr, nullptr);
  if (result < 0) {
    return failed(result, false);
  }
  Answer answer;
  answer.delivery = Delivery::Answered;
  answer.result = result;
  if (result != LDAP_SUCCESS) {
    // WHY: NotSent, since the request that needed the connection never left.
    answer = failed(result, false);
    answer.refused = result != code::kBusy && result != code::kUnavailable;
    answer.why = "bind as " + settings_.bind_dn + ": " + explain(result, answer.diagnostic);
  }
  return answer;
}

SearchAnswer Client::search_page(const SearchRequest& request, std::string* cookie) {
  SearchAnswer answer;
  static_cast<Answer&>(answer) = connect();
  if (!answer.ok()) {
    return answer;
  }
  LDAP* ld = handle_->ld;
  OwnedControl page;
  if (cookie != nullptr) {
    berval at = to_berval(*cookie);
    LDAPControl* control = nullptr;
    const auto size = static_cast<ber_int_t>(settings_.page_size);
    if (ldap_create_page_control(ld, size, &at, 0, &control) != LDAP_SUCCESS) {
      static_cast<Answer&>(answer) = failed(LDAP_NO_MEMORY, false);
      return answer;
    }
    page.reset(control);
  }
  std::array<LDAPControl*, 2> controls = {page.get(), nullptr};
  std::vector<char*> attributes;
  std::vector<std::string> names = request.attributes;
  attributes.reserve(names.size() + 1);
  for (std::string& name : names) {
    attributes.push_back(name.data());
  }
  attributes.push_back(nullptr);
  timeval timeout = to_timeval(settings_.timeout);
  LDAPMessage* raw = nullptr;
  const int status = ldap_search_ext_s(
      ld, request.base.c_str(), request.scope == Scope::Base ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
      request.filter.c_str(), names.empty() ? nullptr : attributes.data(), 0, controls.data(),
      nullptr, &timeout, request.size_limit, &raw);
  const Message result(raw);
  if (status < 0) {
    static_cast<Answer&>(answer) = failed(status, status != LDAP_FILTER_ERROR);
    if (status == LDAP_FILTER_ERROR) {
      answer.why = "`" + request.filter + "` is no LDAP filter";
    }
    return answer;
  }
  answer.result = status;
  answer.diagnostic = option_text(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE);
  answer.why = status == code::kSuccess ? "" : explain(status, answer.diagnostic);
  if (result == nullptr) {
    return answer;
  }
  for (LDAPMessage* one = ldap_first_entry(ld, raw); one != nullptr;
       one = ldap_next_entry(ld, one)) {
    answer.entries.push_back(take_entry(ld, one));
  }
  answer.referred = ldap_count_references(ld, raw) > 0;
  if (cookie == nullptr) {
    return answer;
  }
  cookie->clear();
  LDAPControl** raw_controls = nullptr;
  int code_again = 0;
  if (ldap_parse_result(ld, raw, &code_again, nullptr, nullptr, nullptr, &raw_controls, 0) ==
      LDAP_SUCCESS) {
    const std::unique_ptr<LDAPControl*, ControlsFree> owned(raw_controls);
    LDAPControl* answered = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, raw_controls, nullptr);
    berval next{};
    ber_int_t estimate = 0;
    if (answered != nullptr &&
        ldap_parse_pageresponse_control(ld, answered, &estimate, &next) == LDAP_SUCCESS) {
      cookie->assign(next.bv_val == nullptr ? "" : next.bv_val, next.bv_len);
      ber_memfree(next.bv_val);
    }
  }
  return answer;
}

SearchAnswer Client::search(const SearchRequest& request) {
  const SigpipeBlock sigpipe;
  SearchAnswer answer = search_page(request, nullptr);
  return is_stale(answer) ? search_page(request, nullptr) : answer;
}

SearchAnswer Client::search_all(const SearchRequest& request) {
  const SigpipeBlock sigpipe;
  std::string cookie;
  SearchAnswer all = search_page(request, &cookie);
  if (is_stale(all)) {
    cookie.clear();
    all = search_page(request, &cookie);
  }
  while (all.ok() && !cookie.empty()) {
    SearchAnswer page = search_page(request, &cookie);
    static_cast<Answer&>(all) = static_cast<const Answer&>(page);
    all.referred = all.referred || page.referred;
    for (Entry& entry : page.entries) {
      all.entries.push_back(std::move(entry));
    }
  }
  for (Entry& entry : all.entries) {
    complete_ranges(entry, all);
  }
  return all;
}

// Active Directory gives at most 1,500 values at once and says so in the attribute's name.
void Client::complete_ranges(Entry& entry, SearchAnswer& answer) {
  for (;;) {
    std::optional<RangedName> range;
    std::string description;
    for (const auto& [name, values] : entry.values) {
      range = values.empty() ? std::nullopt : parse_range(name);
      if (range) {
        description = name;
        break;
      }
    }
    if (!range) {
      return;
    }
    std::vector<std::string> values = std::move(entry.values[description]);
    entry.values.erase(description);
    std::vector<std::string>& known = entry.values[range->attribute];
    known.insert(known.end(), values.begin(), values.end());
    if (range->next == 0) {
      continue;
    }
    SearchRequest rest;
    rest.base = entry.dn;
    rest.scope = Scope::Base;
    rest.attributes = {range->attribute + ";range=" + std::to_string(range->next) + "-*"};
    SearchAnswer more = search_page(rest, nullptr);
    if (!more.ok() || more.entries.size() != 1) {
      static_cast<Answer&>(answer) = static_cast<const Answer&>(more);
      answer.delivery = Delivery::MaybeSent;
      answer.why = "the values of " + range->attribute + " of " + entry.dn + " were cut short";
      return;
    }
    for (auto& [name, list] : more.entries[0].values) {
      if (parse_range(name)) {
        entry.values[name] = std::move(list);
      }
    }
  }
}

Answer Client::wait(int message_id) {
  timeval timeout = to_timeval(settings_.timeout);
  LDAPMessage* raw = nullptr;
  const int type = ldap_result(handle_->ld, message_id, LDAP_MSG_ALL, &timeout, &raw);
  const Message message(raw);
  if (type <= 0) {
    return failed(type == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN, true);
  }
  Answer answer;
  answer.delivery = Delivery::Answered;
  char* text = nullptr;
  if (const int status =
          ldap_parse_result(handle_->ld, raw, &answer.result, nullptr, &text, nullptr, nullptr, 0);
      status != LDAP_SUCCESS) {
    return failed(status, true);
  }
  const std::unique_ptr<char, MemFree> owned(text);
  answer.diagnostic = text == nullptr ? "" : text_of(text);
  answer.why = answer.ok() ? "" : explain(answer.result, answer.diagnostic);
  return answer;
}

Answer Client::modify(const std::string& dn, const std::vector<Change>& changes,
                      const std::string& assertion) {
  const SigpipeBlock sigpipe;
  if (Answer ready = connect(); !ready.ok()) {
    return ready;
  }
  OwnedControl guard = assertion.empty() ? nullptr : assertion_control(handle_->ld, assertion);
  if (!assertion.empty() && guard == nullptr) {
    return failed(LDAP_FILTER_ERROR, false);
  }
  std::array<LDAPControl*, 2> controls = {guard.get(), nullptr};
  ModList mods(changes);
  int id = 0;
  const int status =
      ldap_modify_ext(handle_->ld, dn.c_str(), mods.get(), controls.data(), nullptr, &id);
  return status == LDAP_SUCCESS ? wait(id) : failed(status, true);
}

Answer Client::add(const std::string& dn, const std::vector<Change>& attributes) {
  const SigpipeBlock sigpipe;
  if (Answer ready = connect(); !ready.ok()) {
    return ready;
  }
  ModList mods(attributes);
  int id = 0;
  const int status = ldap_add_ext(handle_->ld, dn.c_str(), mods.get(), nullptr, nullptr, &id);
  return status == LDAP_SUCCESS ? wait(id) : failed(status, true);
}

Answer Client::erase(const std::string& dn, const std::string& assertion) {
  const SigpipeBlock sigpipe;
  if (Answer ready = connect(); !ready.ok()) {
    return ready;
  }
  OwnedControl guard = assertion.empty() ? nullptr : assertion_control(handle_->ld, assertion);
  if (!assertion.empty() && guard == nullptr) {
    return failed(LDAP_FILTER_ERROR, false);
  }
  std::array<LDAPControl*, 2> controls = {guard.get(), nullptr};
  int id = 0;
  const int status = ldap_delete_ext(handle_->ld, dn.c_str(), controls.data(), nullptr, &id);
  return status == LDAP_SUCCESS ? wait(id) : failed(status, true);
}

Answer Client::set_password(const std::string& dn, const std::string& password) {
  const SigpipeBlock sigpipe;
  if (Answer ready = connect(); !ready.ok()) {
    return ready;
  }
  berval user = to_berval(dn);
  berval value = to_berval(password);
  int id = 0;
  const int status = ldap_passwd(handle_->ld, &user, nullptr, &value, nullptr, nullptr, &id);
  return status == LDAP_SUCCESS ? wait(id) : failed(status, true);
}

}  // namespace rescind::ldap
