// generate-organisation: writes an inventory of any size in the documented JSON Lines form, and a
// leaver event that fits it. The same seed and size give the same bytes on every machine.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014); the
// standard library's distributions differ between implementations, these do not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  // 0 … bound-1; bound at least 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

struct Options {
  std::uint64_t people = 1000;
  std::uint64_t seed = 1;
  std::string out = "inventory";
};

struct SystemSpec {
  std::string_view id, kind, federated_by;
  int tier;
};

constexpr SystemSpec kSystems[] = {
    {"workday", "hr", "", 1},
    {"okta", "idp", "", 0},
    {"corp-ldap", "directory", "", 0},
    {"google", "saas", "okta", 1},
    {"salesforce", "saas", "okta", 1},
    {"github", "saas", "okta", 1},
    {"aws", "cloud", "okta", 0},
    {"crm-db", "database", "", 1},
    {"vault", "secrets", "", 0},
    {"vpn", "vpn", "corp-ldap", 1},
    {"pam", "pam", "", 0},
    {"intune", "endpoint", "", 1},
};
constexpr std::string_view kDepartments[] = {"Platform", "Engineering", "Sales",  "Finance",
                                             "Security", "Legal",       "People", "Support"};
constexpr std::string_view kKinds[] = {"employee", "employee",   "employee", "employee",
                                       "employee", "contractor", "vendor",   "intern"};

// One JSON object a line, written field by field; the values here never need escaping.
class Line {
 public:
  explicit Line(std::string_view record) { text_ = "{\"record\":\"" + std::string(record) + '"'; }

  Line& text(std::string_view key, std::string_view value) {
    return raw(key, '"' + std::string(value) + '"');
  }

  Line& raw(std::string_view key, std::string_view value) {
    text_ += ",\"" + std::string(key) + "\":" + std::string(value);
    return *this;
  }

  [[nodiscard]] std::string str() const { return text_ + "}\n"; }

 private:
  std::string text_;
};

std::string day(std::uint64_t index) {  // a day of 2022 to 2025, every month 28 days long
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(2022 + index / 336 % 4) + "-" + two(1 + index / 28 % 12) + "-" +
         two(1 + index % 28) + "T08:00:00Z";
}

class Writer {
 public:
  Writer(const Options& options, std::ostream& people, std::ostream& access)
      : random_(options.seed), people_(people), access_(access) {}

  void person(std::uint64_t n) {
    const std::string id = "p" + std::to_string(n);
    const std::string_view department = kDepartments[random_.below(std::size(kDepartments))];
    const std::string_view kind = n == 0 ? "employee" : kKinds[random_.below(std::size(kKinds))];
    Line line("identity");
    line.text("id", id).text("kind", kind).text("department", department);
    line.text("title", random_.chance(10) ? "Lead" : "Specialist")
        .text("timezone", "Europe/Berlin");
    if (n > 0) {
      line.text("manager", "p" + std::to_string(random_.below((n + 7) / 8)));
    }
    if (kind == "vendor" || kind == "contractor") {
      line.text("vendor", "vendor-" + std::to_string(random_.below(20)));
    }
    people_ << line.str();
    for (const SystemSpec& system : kSystems) {
      if (system.id != "intune" && (system.tier == 0 || random_.chance(45))) {
        account(id, system, department);
      }
    }
    access_ << item("device", "intune:d-" + id, "intune", id).text("name", "laptop").str();
    if (random_.chance(6)) {
      machine(id, n);
    }
  }

 private:
  static Line item(std::string_view record, std::string_view id, std::string_view system,
                   std::string_view holder) {
    Line line(record);
    line.text("id", id).text("system", system).text("holder", holder);
    return line;
  }

  void account(const std::string& id, const SystemSpec& system, std::string_view department) {
    const std::string account = std::string(system.id) + ":" + id;
    access_ << item("account", account, system.id, id)
                   .text("created", day(random_.below(1344)))
                   .raw("local_login", system.federated_by.empty() ? "true" : "false")
                   .str();
    const auto under = [&](std::string_view record, std::string_view suffix) {
      return item(record, account + ":" + std::string(suffix), system.id, id)
          .text("account", account);
    };
    access_ << under("group", "g").text("name", department).text("source", "birthright").str();
    if (random_.chance(30)) {
      access_ << under("role", "r" + std::to_string(random_.below(9)))
                     .text("name", "role-" + std::to_string(random_.below(40)))
                     .text("source", "request")
                     .raw("privileged", random_.chance(15) ? "true" : "false")
                     .str();
    }
    if (random_.chance(35)) {
      access_ << under("session", "s").text("max_life", "12h").str();
    }
    if (random_.chance(15)) {
      access_ << under("token", "t").text("created", day(random_.below(1344))).str();
    }
    if (system.id == "google") {
      access_ << under("license", "lic").text("name", "workspace-business").str();
      access_ << under("data", "mail")
                     .text("data_kind", "mailbox")
                     .text("license", account + ":lic")
                     .str();
    }
  }

  // A service identity that the person owns, with a key that others may know and depend on.
  void machine(const std::string& owner, std::uint64_t n) {
    const std::string id = "svc" + std::to_string(n);
    Line line("identity");
    line.text("id", id).text("kind", "service");
    const bool shared = n > 0 && random_.chance(40);
    line.raw("owner", "[\"" + owner + "\"" +
                          (shared ? ",\"p" + std::to_string(random_.below(n)) + "\"" : "") + "]");
    people_ << line.str();
    access_ << item("api_key", "aws:" + id + ":key", "aws", id)
                   .text("creator", owner)
                   .text("created", day(random_.below(1344)))
                   .raw("known_to", random_.chance(50) ? "[\"" + owner + "\"]" : "[]")
                   .raw("dependents", random_.chance(50) ? "[]" : "[\"" + id + "\"]")
                   .str();
  }

  Random random_;
  std::ostream& people_;
  std::ostream& access_;
};

void write_systems(std::ostream& out) {
  for (const SystemSpec& system : kSystems) {
    Line line("system");
    line.text("id", system.id).text("kind", system.kind).raw("tier", std::to_string(system.tier));
    if (!system.federated_by.empty()) {
      line.raw("federated_by", "[\"" + std::string(system.federated_by) + "\"]");
    }
    out << line.str();
  }
  for (const std::string_view team :
       {"iam-oncall", "it-security", "records", "vendor-management"}) {
    out << Line("team").text("id", team).raw("members", "[\"p0\"]").str();
  }
}

int generate(const Options& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(options.out, error);
  std::ofstream systems(fs::path(options.out) / "systems.jsonl", std::ios::binary);
  std::ofstream people(fs::path(options.out) / "people.jsonl", std::ios::binary);
  std::ofstream access(fs::path(options.out) / "access.jsonl", std::ios::binary);
  if (!systems || !people || !access) {
    std::cerr << "cannot write into `" << options.out << "`\n";
    return 1;
  }
  write_systems(systems);
  Writer writer(options, people, access);
  for (std::uint64_t n = 0; n < options.people; ++n) {
    writer.person(n);
  }
  systems.flush();
  people.flush();
  access.flush();
  if (!systems || !people || !access) {
    std::cerr << "the disk took only a part of `" << options.out << "`\n";
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Writes an inventory of any size, deterministic by seed", "generate-organisation");
  app.add_option("--people", options.people, "how many people")->check(CLI::Range(1, 10'000'000));
  app.add_option("--seed", options.seed, "equal seeds give equal bytes");
  app.add_option("--out", options.out, "the folder to write into");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  return generate(options);
}
