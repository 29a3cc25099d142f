// Holds every #include in engine/ and connectors/ to the table in engine/LAYERS.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace fs = std::filesystem;
using Layers = std::map<std::string, std::set<std::string>>;

Layers read_layers(const fs::path& file) {
  Layers layers;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto colon = line.find(':');
    REQUIRE_MESSAGE(colon != std::string::npos, "LAYERS: a line without a colon: " << line);
    auto& allowed = layers[line.substr(0, colon)];
    std::istringstream words(line.substr(colon + 1));
    for (std::string word; words >> word;) {
      allowed.insert(word);
    }
  }
  return layers;
}

// The part that an include written as "folder/…" belongs to; "" when it is not one of ours.
std::string part_of(const std::string& include, const Layers& layers) {
  const auto slash = include.find('/');
  const std::string part = include.substr(0, slash);
  return slash != std::string::npos && layers.contains(part) ? part : std::string();
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cc";
}

std::vector<std::string> breaches(const fs::path& file, const std::string& part,
                                  const Layers& layers) {
  std::vector<std::string> found;
  std::ifstream in(file);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.starts_with("#include \"")) {
      continue;
    }
    const std::string include = line.substr(10, line.rfind('"') - 10);
    const std::string target = part_of(include, layers);
    if (!target.empty() && target != part && !layers.at(part).contains(target)) {
      found.push_back(file.string() + ":" + std::to_string(number) + ": " + part +
                      " may not include " + target + " (" + include + ")");
    }
  }
  return found;
}

}  // namespace

TEST_CASE("layers: the table only ever points downwards") {
  const Layers layers = read_layers(fs::path(RESCIND_SOURCE_DIR) / "engine" / "LAYERS");
  std::set<std::string> seen;
  std::ifstream in(fs::path(RESCIND_SOURCE_DIR) / "engine" / "LAYERS");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::string part = line.substr(0, line.find(':'));
    for (const auto& lower : layers.at(part)) {
      CHECK_MESSAGE((seen.contains(lower) || part == "app"),
                    part << " names " << lower << " before its own line");
    }
    seen.insert(part);
  }
}

TEST_CASE("layers: every include of the engine and the connectors keeps to the table") {
  const fs::path root(RESCIND_SOURCE_DIR);
  const Layers layers = read_layers(root / "engine" / "LAYERS");
  std::size_t files = 0;
  for (const fs::path& top : {root / "engine", root / "connectors"}) {
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) {
        continue;
      }
      const std::string part = top.filename() == "connectors"
                                   ? "connectors"
                                   : fs::relative(entry.path(), top).begin()->string();
      REQUIRE_MESSAGE(layers.contains(part), entry.path().string() << " is in no layer");
      ++files;
      for (const auto& breach : breaches(entry.path(), part, layers)) {
        FAIL_CHECK(breach);
      }
    }
  }
  CHECK(files > 20);
}

TEST_CASE("layers: an include that climbs is found") {
  const Layers layers = read_layers(fs::path(RESCIND_SOURCE_DIR) / "engine" / "LAYERS");
  const fs::path file = fs::temp_directory_path() / "rescind_layers_probe.cc";
  std::ofstream(file) << "#include \"plan/build_plan.h\"\n";
  CHECK(breaches(file, "evaluate", layers).size() == 1);
  CHECK(breaches(file, "workflow", layers).empty());
  fs::remove(file);
}
