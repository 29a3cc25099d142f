// LDAP itself: one connection, searches in pages, changes whose answers tell apart "never sent",
// "may have arrived" and "answered". libldap stays inside client.cc.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace rescind::ldap {

// Result codes that mean something to us (RFC 4511).
namespace code {
inline constexpr int kSuccess = 0;
inline constexpr int kTimeLimit = 3;
inline constexpr int kSizeLimit = 4;
inline constexpr int kStrongerAuth = 8;
inline constexpr int kReferral = 10;
inline constexpr int kAdminLimit = 11;
inline constexpr int kCriticalExtension = 12;
inline constexpr int kNoSuchAttribute = 16;
inline constexpr int kUndefinedType = 17;
inline constexpr int kConstraint = 19;
inline constexpr int kValueExists = 20;
inline constexpr int kNoSuchObject = 32;
inline constexpr int kInvalidCredentials = 49;
inline constexpr int kInsufficientAccess = 50;
inline constexpr int kBusy = 51;
inline constexpr int kUnavailable = 52;
inline constexpr int kUnwilling = 53;
inline constexpr int kObjectClass = 65;
inline constexpr int kHasChildren = 66;
inline constexpr int kAssertionFailed = 122;
}  // namespace code

struct ClientSettings {
  std::string url;       // ldap:// or ldaps://
  std::string bind_dn;   // "" anonymous
  std::string password;  // secret
  bool start_tls = false;
  std::string ca_file;  // "" the system's own
  Seconds connect_timeout{10};
  Seconds timeout{30};  // for one answer
  std::int64_t page_size = 500;
};

// An entry: attributes by lower-case name. Values are bytes.
struct Entry {
  std::string dn;
  std::map<std::string, std::vector<std::string>> values;
  [[nodiscard]] const std::vector<std::string>& all(std::string_view attribute) const;
  [[nodiscard]] std::string first(std::string_view attribute) const;  // "" none
};

enum class Delivery : std::uint8_t { NotSent, MaybeSent, Answered };

// How a request went. Refused: our bind was not accepted.
struct Answer {
  Delivery delivery = Delivery::NotSent;
  bool refused = false;
  int result = -1;         // result code when answered
  std::string diagnostic;  // the server's text

  [[nodiscard]] bool ok() const {
    return delivery == Delivery::Answered && result == code::kSuccess;
  }

  [[nodiscard]] bool is(int wanted) const {
    return delivery == Delivery::Answered && result == wanted;
  }

  std::string why;  // one line for people, no secrets
};

enum class Scope : std::uint8_t { Base, Subtree };

struct SearchRequest {
  std::string base;
  Scope scope = Scope::Subtree;
  std::string filter = "(objectClass=*)";
  std::vector<std::string> attributes;
  int size_limit = 0;  // 0: none of ours
};

struct SearchAnswer : Answer {
  std::vector<Entry> entries;  // also those that came before a limit or an error
  bool referred = false;       // parts of the tree are on other servers
};

struct Change {
  enum class Op : std::uint8_t { Add, Delete, Replace };
  Op op = Op::Add;
  std::string attribute;
  std::vector<std::string> values;
  bool secret = false;  // never shown
};

class Client {
 public:
  explicit Client(ClientSettings settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&&) = delete;
  Client& operator=(Client&&) = delete;

  // Reads; a connection that had gone stale is opened again once.
  SearchAnswer search(const SearchRequest& request);
  // The same in pages, with ranged attributes completed.
  SearchAnswer search_all(const SearchRequest& request);
  // `assertion`: a filter that must hold of the entry (RFC 4528), "" none.
  Answer modify(const std::string& dn, const std::vector<Change>& changes,
                const std::string& assertion = {});
  // A new entry; the operations of the changes are not looked at.
  Answer add(const std::string& dn, const std::vector<Change>& attributes);
  Answer erase(const std::string& dn, const std::string& assertion = {});
  // Password Modify (RFC 3062).
  Answer set_password(const std::string& dn, const std::string& password);

  [[nodiscard]] const ClientSettings& settings() const { return settings_; }

 private:
  struct Handle;
  Answer connect();
  Answer bind();
  Answer failed(int result, bool sent);
  Answer wait(int message_id);
  SearchAnswer search_page(const SearchRequest& request, std::string* cookie);
  void complete_ranges(Entry& entry, SearchAnswer& answer);

  ClientSettings settings_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace rescind::ldap
