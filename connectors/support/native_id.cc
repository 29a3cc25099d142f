// Joining and splitting native ids of several parts.
#include "connectors/support/native_id.h"

namespace rescind {

std::string join_native_id(const std::vector<std::string>& parts) {
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      joined += '/';
    }
    for (const char c : parts[i]) {
      if (c == '/') {
        joined += "%2F";
      } else if (c == '%') {
        joined += "%25";
      } else {
        joined += c;
      }
    }
  }
  return joined;
}

std::vector<std::string> split_native_id(std::string_view id) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (id[i] == '/') {
      parts.emplace_back();
    } else if (id.substr(i, 3) == "%2F" || id.substr(i, 3) == "%25") {
      parts.back() += id[i + 2] == 'F' ? '/' : '%';
      i += 2;
    } else {
      parts.back() += id[i];
    }
  }
  return parts;
}

std::string account_item_id(std::string_view system, std::string_view native_id) {
  return std::string(system).append(":").append(native_id);
}

std::string item_id(std::string_view system, std::string_view kind_name,
                    std::string_view native_id) {
  return std::string(system).append(":").append(kind_name).append(":").append(native_id);
}

ItemAddress addressed(ItemAddress item) {
  if (!item.native_id.empty()) {
    return item;
  }
  std::string_view rest = item.item;
  const auto drop = [&rest](std::string_view word) {
    if (rest.starts_with(word) && rest.substr(word.size()).starts_with(':')) {
      rest.remove_prefix(word.size() + 1);
    }
  };
  drop(item.system);
  if (item.kind != Kind::Account) {
    drop(kind_name(item.kind));
  }
  item.native_id = std::string(rest);
  return item;
}

ActionRequest addressed(ActionRequest request) {
  request.item = addressed(std::move(request.item));
  return request;
}

}  // namespace rescind
