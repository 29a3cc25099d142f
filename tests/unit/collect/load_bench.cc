// Measures loading an inventory of 100,000 identities with 10 items each against a hand-written
// loader into plain structs. Not a test: run it by hand, `collect_load_bench [IDENTITIES]
// [ITEMS_EACH]`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/collect_inventory.h"
#include "collect/inventory_digest.h"

namespace rescind {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

std::shared_ptr<const Schema> bench_schema() {
  auto schema = std::make_shared<Schema>(builtin_schema());
  const std::uint16_t privileges =
      schema->add_enum("privilege", {"read", "write", "admin", "owner"});
  for (const Kind kind : {Kind::Account, Kind::Role, Kind::Session, Kind::ApiKey}) {
    const Entity entity = entity_of(kind);
    Type type;
    type.kind = TypeKind::Enum;
    type.enum_id = privileges;
    type.optional = true;
    schema->add(entity, Attribute{"privilege", type, false, {}, false, ""});
    type = Type{};
    type.kind = TypeKind::Int;
    type.optional = true;
    schema->add(entity, Attribute{"uses", type, false, {}, false, ""});
    type.kind = TypeKind::Bool;
    schema->add(entity, Attribute{"shared", type, false, {}, false, ""});
    type.kind = TypeKind::Set;
    schema->add(entity, Attribute{"scopes", type, false, {}, false, ""});
  }
  return schema;
}

std::string bench_text(int identities, int items) {
  constexpr std::string_view kKinds[] = {"account", "role", "session", "api_key"};
  constexpr std::string_view kPrivileges[] = {"read", "write", "admin", "owner"};
  constexpr std::string_view kScopes[] = {"[]", R"(["prod"])", R"(["pii","ci"])",
                                          R"(["vpn","mail","code"])"};
  std::string out;
  std::uint32_t random = 1;
  const auto pick = [&random](std::uint32_t bound) {
    random = random * 1664525U + 1013904223U;
    return (random >> 8U) % bound;
  };
  char line[512];
  for (int s = 0; s < 40; ++s) {
    out += R"({"record":"system","id":"sys)" + std::to_string(s) + R"(","kind":"saas"})" + "\n";
  }
  for (int i = 0; i < identities; ++i) {
    std::snprintf(line, sizeof line,
                  R"({"record":"identity","id":"u%d","kind":"employee","department":"d%u"})"
                  "\n",
                  i, pick(12));
    out += line;
    for (int k = 0; k < items; ++k) {
      std::snprintf(
          line, sizeof line,
          R"({"record":"%s","id":"a%d_%d","system":"sys%u","holder":"u%d",)"
          R"("created":"20%02u-0%u-1%uT0%u:00:00Z","last_used":"2025-1%u-0%uT12:3%u:07Z",)"
          R"("expires":"2027-0%u-1%uT00:00:00Z","privilege":"%s","uses":%u,)"
          R"("shared":%s,"scopes":%s})"
          "\n",
          kKinds[pick(4)].data(), i, k, pick(40), i, 10 + pick(15), 1 + pick(9), pick(10), pick(10),
          pick(3), 1 + pick(9), pick(10), 1 + pick(9), pick(10), kPrivileges[pick(4)].data(),
          pick(10000), pick(10) == 0 ? "true" : "false", kScopes[pick(4)].data());
      out += line;
    }
  }
  return out;
}

// --- the yardstick: what one would write for exactly this file ---

struct PlainItem {
  std::uint8_t kind, privilege, shared, scopes, system;
  std::uint32_t id, holder;
  std::int32_t uses;
  std::int64_t created, last_used, expires;
};

struct PlainInventory {
  std::string characters;
  std::vector<std::uint32_t> identities;
  std::vector<PlainItem> items;
  std::unordered_map<std::string, std::uint32_t> by_id;
};

std::int64_t plain_instant(std::string_view text) {
  const auto two = [&text](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const std::chrono::year_month_day day{std::chrono::year{two(0) * 100 + two(2)},
                                        std::chrono::month{static_cast<unsigned>(two(5))},
                                        std::chrono::day{static_cast<unsigned>(two(8))}};
  return std::chrono::sys_days{day}.time_since_epoch().count() * 86'400LL + two(11) * 3600 +
         two(14) * 60 + two(17);
}

template <std::size_t N>
std::uint8_t index_in(const std::string_view (&values)[N], std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (values[i] == text) {
      return static_cast<std::uint8_t>(i);
    }
  }
  std::abort();
}

void load_plain_line(simdjson::ondemand::parser& parser, const char* line, std::size_t size,
                     std::size_t room, PlainInventory& out) {
  static constexpr std::string_view kKinds[] = {"account", "role", "session", "api_key"};
  static constexpr std::string_view kPrivileges[] = {"read", "write", "admin", "owner"};
  static constexpr std::string_view kScopes[] = {"prod", "pii", "ci", "vpn", "mail", "code"};
  simdjson::ondemand::document document = parser.iterate(line, size, room);
  const std::string_view record = document["record"];
  const std::string_view id = document["id"];
  const auto offset = static_cast<std::uint32_t>(out.characters.size());
  out.characters += id;
  if (record == "system") {
    return;
  }
  if (record == "identity") {
    out.by_id.emplace(id, static_cast<std::uint32_t>(out.identities.size()));
    out.identities.push_back(offset);
    return;
  }
  PlainItem item{};
  item.kind = index_in(kKinds, record);
  item.id = offset;
  const std::string_view system = document["system"];
  item.system = static_cast<std::uint8_t>(std::atoi(system.data() + 3));
  item.holder = out.by_id.at(std::string(std::string_view(document["holder"])));
  item.created = plain_instant(document["created"]);
  item.last_used = plain_instant(document["last_used"]);
  item.expires = plain_instant(document["expires"]);
  item.privilege = index_in(kPrivileges, document["privilege"]);
  item.uses = static_cast<std::int32_t>(std::int64_t(document["uses"]));
  item.shared = bool(document["shared"]) ? 1 : 0;
  for (auto scope : document["scopes"].get_array()) {
    item.scopes = static_cast<std::uint8_t>(item.scopes | 1U << index_in(kScopes, scope));
  }
  out.items.push_back(item);
}

PlainInventory load_plain(const std::string& path) {
  PlainInventory out;
  const int file = ::open(path.c_str(), O_RDONLY);

  struct stat info {};

  ::fstat(file, &info);
  std::string text(static_cast<std::size_t>(info.st_size) + 64, ' ');
  std::size_t size = 0;
  for (ssize_t n = 0; (n = ::read(file, text.data() + size, text.size() - 64 - size)) > 0;) {
    size += static_cast<std::size_t>(n);
  }
  ::close(file);
  simdjson::ondemand::parser parser;
  for (std::size_t at = 0; at < size;) {
    const auto* end = static_cast<const char*>(std::memchr(text.data() + at, '\n', size - at));
    const auto length = static_cast<std::size_t>(end - text.data()) - at;
    load_plain_line(parser, text.data() + at, length, text.size() - at, out);
    at += length + 1;
  }
  return out;
}

long peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int run(int identities, int items) {
  const std::string path = "/tmp/collect_load_bench.jsonl";
  std::size_t bytes = 0;
  {
    const std::string text = bench_text(identities, items);
    bytes = text.size();
    if (!write_file_atomically(path, text)) {
      return 1;
    }
  }
  double plain = 1e9;
  double ours = 1e9;
  double digest = 0;
  std::size_t per_item = 0;
  CollectOptions options;
  options.seal.with_digest = false;
  for (int pass = 0; pass < 3; ++pass) {
    auto begin = SteadyClock::now();
    const std::size_t loaded = load_plain(path).items.size();
    plain = std::min(plain, seconds_since(begin));
    begin = SteadyClock::now();
    Diagnostics diagnostics;
    const auto inventory =
        collect_inventory({InventoryInput{path, {}, {}, {}}}, bench_schema(), options, diagnostics);
    ours = std::min(ours, seconds_since(begin));
    if (!inventory || (*inventory)->item_count() != loaded || !(*inventory)->rejected.empty()) {
      std::fprintf(stderr, "the loads differ\n");
      return 1;
    }
    per_item = (*inventory)->memory_bytes() / loaded;
    begin = SteadyClock::now();
    digest = static_cast<double>(inventory_digest(**inventory).size()) * 0 + seconds_since(begin);
  }
  ::unlink(path.c_str());
  std::printf(
      R"({"records":%d,"mib":%zu,"plain_s":%.3f,"load_s":%.3f,"ratio":%.2f,"digest_s":%.3f,"bytes_per_item":%zu,"peak_mib":%ld})"
      "\n",
      identities * (items + 1) + 40, bytes >> 20U, plain, ours, ours / plain, digest, per_item,
      peak_mib());
  return 0;
}

}  // namespace
}  // namespace rescind

int main(int argc, char** argv) {
  return rescind::run(argc > 1 ? std::atoi(argv[1]) : 100'000, argc > 2 ? std::atoi(argv[2]) : 10);
}
