// A directory as the connector sees it: which dialect it speaks, where its entries are, and reads
// whose "not there" is proved. Between client.h and the connector.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/client.h"
#include "connectors/ldap/dialect.h"

namespace rescind::ldap {

struct DirectoryOptions {
  std::string base;
  std::string account_base;    // "": base
  std::string group_base;      // "": base
  std::string account_filter;  // "": the dialect's
  std::string group_filter;
  std::string id_attribute;  // "": the dialect's; "dn" is allowed
  std::string dialect;       // "auto" or a name
};

enum class ReadState : std::uint8_t { Found, Missing, Refused, Unreachable, Broken };

struct ReadAnswer {
  ReadState state = ReadState::Broken;
  Entry entry;
  std::string why;                // when not Found
  bool unproved_missing = false;  // Broken: nothing was found, and nothing backs that up
};

class Directory {
 public:
  Directory(DirectoryOptions options, ClientSettings settings);

  // Reads the root entry once; what it says is kept. Everything below calls it first.
  Answer open();

  [[nodiscard]] Dialect dialect() const { return dialect_; }

  [[nodiscard]] const std::string& id_attribute() const { return id_attribute_; }

  [[nodiscard]] const std::string& account_filter() const { return account_filter_; }

  [[nodiscard]] const std::string& account_base() const { return account_base_; }

  [[nodiscard]] const std::string& group_base() const { return group_base_; }

  [[nodiscard]] const DirectoryOptions& options() const { return options_; }

  // The top of the tree that the base lies in.
  [[nodiscard]] const std::string& root() const { return root_; }

  [[nodiscard]] bool has_ppolicy() const { return has_ppolicy_; }

  [[nodiscard]] bool has_assertions() const { return has_assertions_; }

  // Reads one entry by its native id (a value of the id attribute, or a DN). Missing is proved: the
  // read succeeded, found nothing, and the same connection can see accounts.
  ReadAnswer read(const std::string& native_id, const std::vector<std::string>& attributes);

  Client& client() { return client_; }

 private:
  // "" when this connection can see at least one account, else why not.
  std::string why_blind();
  std::optional<SearchRequest> request_for(const std::string& native_id);

  DirectoryOptions options_;
  Client client_;
  bool opened_ = false;
  Dialect dialect_ = Dialect::Generic;
  std::string id_attribute_;
  std::string account_filter_;
  std::string account_base_;
  std::string group_base_;
  std::string root_;
  bool has_ppolicy_ = false;
  bool has_assertions_ = false;
};

ReadState state_of(const Answer& answer);

}  // namespace rescind::ldap
