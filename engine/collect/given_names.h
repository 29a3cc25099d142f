// Whether a member of a map is given twice. Looks at the members while they are few, else in a set,
// so that a map of many names costs no time square to their number.
#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <string>

#include "collect/document.h"

namespace rescind {

class GivenNames {
 public:
  // `before`: the members that were read until now. False: `name` is one of theirs.
  bool add(std::span<const DocumentMember> before, const std::string& name) {
    if (before.size() < kFew) {
      return std::none_of(before.begin(), before.end(),
                          [&](const DocumentMember& one) { return one.key == name; });
    }
    if (names_.empty()) {
      for (const DocumentMember& one : before) {
        names_.insert(one.key);
      }
    }
    return names_.insert(name).second;
  }

 private:
  static constexpr std::size_t kFew = 16;

  std::set<std::string> names_;
};

}  // namespace rescind
