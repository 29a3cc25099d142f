// Reading a directory so that absence is proved.
#include "connectors/ldap/session.h"

#include <algorithm>

#include "connectors/ldap/names.h"

namespace rescind::ldap {
namespace {

constexpr std::string_view kPpolicyControl = "1.3.6.1.4.1.42.2.27.8.5.1";
constexpr std::string_view kAssertionControl = "1.3.6.1.1.12";

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string or_else(const std::string& value, std::string_view fallback) {
  return value.empty() ? std::string(fallback) : value;
}

}  // namespace

ReadState state_of(const Answer& answer) {
  if (answer.refused || answer.is(code::kStrongerAuth)) {
    return ReadState::Refused;
  }
  if (answer.delivery != Delivery::Answered) {
    return ReadState::Unreachable;
  }
  return answer.ok() ? ReadState::Found : ReadState::Broken;
}

Directory::Directory(DirectoryOptions options, ClientSettings settings)
    : options_(std::move(options)), client_(std::move(settings)) {}

Answer Directory::open() {
  SearchRequest request;
  request.scope = Scope::Base;
  request.attributes = {"*", "+"};
  if (opened_) {
    Answer ready;
    ready.delivery = Delivery::Answered;
    ready.result = code::kSuccess;
    return ready;
  }
  SearchAnswer answer = client_.search(request);
  if (!answer.ok() || answer.entries.empty()) {
    if (answer.ok()) {
      answer.result = code::kNoSuchObject;
      answer.why = "the server does not show its root entry";
    }
    return static_cast<const Answer&>(answer);
  }
  const Entry& root = answer.entries[0];
  dialect_ = find_dialect(options_.dialect).value_or(detect_dialect(root));
  const DialectTraits& traits = traits_of(dialect_);
  id_attribute_ = or_else(options_.id_attribute, traits.id_attribute);
  account_filter_ = or_else(options_.account_filter, traits.account_filter);
  account_base_ = or_else(options_.account_base, options_.base);
  group_base_ = or_else(options_.group_base, options_.base);
  has_ppolicy_ = contains(root.all("supportedControl"), kPpolicyControl);
  has_assertions_ = contains(root.all("supportedControl"), kAssertionControl);
  // An account that was moved to another branch is not gone: ids are looked up in the whole tree.
  root_ = options_.base;
  for (const std::string& context : root.all("namingContexts")) {
    if (!context.empty() && is_under(options_.base, context)) {
      root_ = context;
    }
  }
  opened_ = true;
  return static_cast<const Answer&>(answer);
}

std::optional<SearchRequest> Directory::request_for(const std::string& native_id) {
  SearchRequest request;
  if (lower(id_attribute_) != "dn") {
    if (const std::optional<std::string> filter = id_filter(id_attribute_, native_id);
        filter && !(is_dn(native_id) && native_id.find('=') != std::string::npos)) {
      request.base = root_;
      request.filter = *filter;
      return request;
    }
  }
  if (!is_dn(native_id)) {
    return std::nullopt;
  }
  request.base = native_id;
  request.scope = Scope::Base;
  return request;
}

ReadAnswer Directory::read(const std::string& native_id,
                           const std::vector<std::string>& attributes) {
  ReadAnswer read;
  if (const Answer opened = open(); !opened.ok()) {
    read.state = state_of(opened) == ReadState::Found ? ReadState::Broken : state_of(opened);
    read.why = opened.why;
    return read;
  }
  std::optional<SearchRequest> request = request_for(native_id);
  if (!request) {
    read.why = "`" + native_id + "` is neither a value of " + id_attribute_ + " nor a name";
    return read;
  }
  request->attributes = attributes;
  request->attributes.push_back(id_attribute_);
  SearchAnswer answer = client_.search(*request);
  const bool by_name = request->scope == Scope::Base;
  if (answer.ok() && answer.entries.size() == 1) {
    read.state = ReadState::Found;
    read.entry = std::move(answer.entries[0]);
    return read;
  }
  if (answer.ok() && answer.entries.size() > 1) {
    read.why = "several entries have the id `" + native_id + "`";
    return read;
  }
  const bool nothing = answer.ok() || (by_name && answer.is(code::kNoSuchObject));
  if (!nothing || answer.referred) {
    read.state = state_of(answer) == ReadState::Found ? ReadState::Broken : state_of(answer);
    read.why = answer.referred ? "the entry may be on another server" : answer.why;
    return read;
  }
  // An account that may see nothing gets the same answer: success and no entries.
  if (const std::string blind = why_blind(); !blind.empty()) {
    read.unproved_missing = true;
    read.why = "nothing was found, which proves nothing: " + blind;
    return read;
  }
  read.state = ReadState::Missing;
  read.why = "there is no such entry";
  return read;
}

std::string Directory::why_blind() {
  SearchRequest request;
  request.base = account_base_;
  request.filter = account_filter_;
  request.attributes = {"1.1"};
  request.size_limit = 1;
  const SearchAnswer answer = client_.search(request);
  if (!answer.entries.empty()) {
    return "";
  }
  return answer.ok() ? "no account is visible either" : answer.why;
}

}  // namespace rescind::ldap
