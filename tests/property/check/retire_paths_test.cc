// What check says of the ways through a retire, against all ways walked one by one.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tests/unit/check/policy_text.h"

namespace rescind::testing {
namespace {

struct Stage {
  bool contains = false;
  bool soaks = false;
  bool destroys = false;
  std::optional<std::size_t> returns_to;  // an earlier stage
};

struct Route {
  std::size_t stage = 0;
  bool always = false;
};

struct Retire {
  std::vector<Stage> stages;
  std::vector<Route> starts;
  std::vector<std::size_t> enters;
};

std::size_t below(std::size_t end) {
  return *rc::gen::inRange<std::size_t>(0, end);
}

bool chance(int percent) {
  return *rc::gen::inRange(0, 100) < percent;
}

Retire random_retire() {
  Retire retire;
  const std::size_t count = 1 + below(5);
  for (std::size_t i = 0; i < count; ++i) {
    Stage stage{chance(40), chance(50), chance(40), std::nullopt};
    if (i > 0 && chance(30)) {
      stage.returns_to = below(i);
    }
    retire.stages.push_back(stage);
  }
  for (std::size_t n = below(3); n > 0; --n) {
    retire.starts.push_back({below(count), chance(30)});
  }
  for (std::size_t n = below(3); n > 0; --n) {
    retire.enters.push_back(below(count));
  }
  return retire;
}

std::string text_of(const Retire& retire) {
  std::string text =
      "retire r { on orphaned for api_key as k where k.holder is not human because \"x\"\n";
  for (const Route& start : retire.starts) {
    text +=
        "start at s" + std::to_string(start.stage) + (start.always ? "\n" : " when k.privileged\n");
  }
  for (const std::size_t stage : retire.enters) {
    text += "enter s" + std::to_string(stage) + " within 1h when k.privileged\n";
  }
  for (std::size_t i = 0; i < retire.stages.size(); ++i) {
    const Stage& stage = retire.stages[i];
    text += "stage s" + std::to_string(i) + " {";
    text += stage.contains ? " disable k" : " notify \"somebody\"";
    text += stage.destroys ? " delete k approved by \"somebody\"" : "";
    text += stage.soaks ? " soak 1d" : "";
    text += stage.returns_to ? " on use return to s" + std::to_string(*stage.returns_to) : "";
    text += " }\n";
  }
  return text + "}\n";
}

// Walks every way that an item can take.
struct Walk {
  const Retire& retire;
  std::set<std::size_t> reached;
  std::set<std::size_t> unsafe;  // stages that destroy too early on some way
  std::set<std::tuple<std::size_t, bool, bool>> seen;

  void from(std::size_t i, bool contained, bool soaked) {
    if (i == retire.stages.size() || !seen.emplace(i, contained, soaked).second) {
      return;
    }
    reached.insert(i);
    enter_later(i, contained, soaked);  // before its actions are done
    const Stage& stage = retire.stages[i];
    contained = contained || stage.contains;
    if (stage.destroys && !soaked) {
      unsafe.insert(i);
    }
    enter_later(i, contained, soaked);
    if (stage.returns_to) {
      from(*stage.returns_to, false, false);
    }
    from(i + 1, contained, soaked || (contained && stage.soaks));
  }

  void enter_later(std::size_t i, bool contained, bool soaked) {
    for (const std::size_t stage : retire.enters) {
      if (stage > i) {
        from(stage, contained, soaked);
      }
    }
  }

  void run() {
    std::size_t least = 0;
    for (const Route& start : retire.starts) {
      least = start.always ? std::max(least, start.stage) : least;
    }
    from(least, false, false);
    for (const Route& start : retire.starts) {
      from(std::max(start.stage, least), false, false);
    }
  }
};

std::size_t reports(const Checked& checked, const std::string& code) {
  const std::vector<Diagnostic> all = checked.diagnostics.sorted();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const auto& found) { return code_name(found.code) == code; }));
}

TEST_CASE("check: a retire is refused exactly when some way through it destroys too early") {
  CHECK(rc::check([] {
    const Retire retire = random_retire();
    Walk walk{retire, {}, {}, {}};
    walk.run();
    const std::string text = text_of(retire);
    const Checked checked = check_text(text);
    if (reports(checked, "R0464") != walk.unsafe.size() ||
        reports(checked, "R0463") != retire.stages.size() - walk.reached.size()) {
      RC_FAIL(text + checked.messages());
    }
    RC_CLASSIFY(walk.unsafe.empty(), "safe");
  }));
}

}  // namespace
}  // namespace rescind::testing
