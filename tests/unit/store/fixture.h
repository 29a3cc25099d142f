// A store in a folder of its own that vanishes with the test.
#pragma once

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "store/store.h"
#include "tests/support/temporary_folder.h"

namespace rescind {

inline Instant at_second(std::int64_t seconds) {
  return Instant(Seconds(1767600000 + seconds));
}

inline std::unique_ptr<Store> open_store(const TemporaryFolder& folder) {
  auto store = open_sqlite_store(folder.file("store.db"), {});
  REQUIRE_MESSAGE(store.has_value(), store.error().to_string());
  return std::move(*store);
}

inline NewRun new_run(const std::string& digest_hex) {
  NewRun run;
  run.digest = "sha256:" + digest_hex;
  run.plan = "{}";
  run.steps = {{"step:a", 1, std::nullopt}, {"step:b", 1, at_second(86400)}};
  run.at = at_second(0);
  return run;
}

}  // namespace rescind
