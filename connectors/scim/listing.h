// Reads a whole SCIM collection page by page. A short page, a clamped page or a page that repeats
// never ends a listing as complete: only the count of what was seen against totalResults does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "connectors/scim/client.h"

namespace rescind::scim {

struct ListingOptions {
  std::string path;              // "/Users"
  std::int64_t page_size = 100;  // asked for; a server may give less
  std::int64_t max_resources = 1'000'000;
};

struct ListedCollection {
  std::vector<std::string> resources;  // each one JSON object with an id, every id once
  bool complete = false;
  std::string why;          // when not complete
  bool answered = false;    // at least one page came
  ReadAnswer first_answer;  // when none came: why
};

ListedCollection list_collection(ScimClient& client, const ListingOptions& options);

}  // namespace rescind::scim
