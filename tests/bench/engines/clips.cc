// CLIPS in the process (libclips): the facts of one identity are asserted through its C interface,
// the rules run, matches arrive through a user function, and the facts are retracted again.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <simdjson.h>  // before clips.h, which defines macros with common names

#include "bench/engines/measure.h"

extern "C" {
#include <clips/clips.h>
}

namespace {

using simdjson::dom::element;

enum class SlotKind { Integer, Symbol, Multifield };

// A slot's value in the form in which CLIPS takes it.
struct SlotValue {
  const char* name = nullptr;
  SlotKind kind = SlotKind::Integer;
  long long integer = 0;
  void* symbol = nullptr;
  std::vector<void*> symbols;
};

struct Fact {
  void* deftemplate = nullptr;
  std::vector<SlotValue> slots;
};

// One identity with its event and artefacts, ready to be asserted.
struct Request {
  std::vector<Fact> facts;
  std::size_t artefacts = 0;
};

void* environment = nullptr;
std::vector<std::vector<int>> answers;  // per artefact: ids of rules, filled by hit()
std::vector<int> strengths;             // per rule

extern "C" void hit(void* env) {
  answers[static_cast<std::size_t>(EnvRtnLong(env, 1))].push_back(
      static_cast<int>(EnvRtnLong(env, 2)));
}

void* symbol(std::string_view text) {
  static std::unordered_map<std::string, void*> known;
  void*& entry = known[std::string(text)];
  if (entry == nullptr) {
    entry = EnvAddSymbol(environment, std::string(text).c_str());
    IncrementSymbolCount(static_cast<SYMBOL_HN*>(entry));
  }
  return entry;
}

SlotValue slot_value(const char* name, element value) {
  SlotValue slot;
  slot.name = name;
  if (value.is_int64()) {
    slot.integer = value.get_int64();
  } else if (value.is_bool()) {
    slot.kind = SlotKind::Symbol;
    slot.symbol = symbol(value.get_bool() ? "TRUE" : "FALSE");
  } else if (value.is_string()) {
    slot.kind = SlotKind::Symbol;
    slot.symbol = symbol(value.get_string());
  } else {
    slot.kind = SlotKind::Multifield;
    for (const element one : value.get_array()) {
      slot.symbols.push_back(symbol(one.get_string()));
    }
  }
  return slot;
}

constexpr const char* kEventSlots[] = {"type", "source", "time", "urgency"};
constexpr const char* kIdentitySlots[] = {"kind",     "dept",           "risk",
                                          "end_date", "manager_active", "tags"};
constexpr const char* kArtefactSlots[] = {"type",    "system",  "tier",   "privilege", "last_used",
                                          "created", "expires", "shared", "uses",      "scopes"};

template <std::size_t N>
Fact fact(const char* deftemplate, const char* const (&names)[N], element object) {
  Fact made;
  made.deftemplate = EnvFindDeftemplate(environment, deftemplate);
  for (const char* name : names) {
    made.slots.push_back(slot_value(name, object[name]));
  }
  return made;
}

Request prepare(element object) {
  Request request;
  request.facts.push_back(fact("event", kEventSlots, object["event"]));
  request.facts.push_back(fact("identity", kIdentitySlots, object["identity"]));
  for (const element artefact : object["artefacts"].get_array()) {
    Fact made = fact("artefact", kArtefactSlots, artefact);
    SlotValue index;
    index.name = "ix";
    index.integer = static_cast<long long>(request.artefacts++);
    made.slots.push_back(std::move(index));
    request.facts.push_back(std::move(made));
  }
  return request;
}

void put_slot(void* made, const SlotValue& slot) {
  DATA_OBJECT data;
  switch (slot.kind) {
  case SlotKind::Integer:
    data.type = INTEGER;
    data.value = EnvAddLong(environment, slot.integer);
    break;
  case SlotKind::Symbol:
    data.type = SYMBOL;
    data.value = slot.symbol;
    break;
  case SlotKind::Multifield: {
    void* fields = EnvCreateMultifield(environment, static_cast<long>(slot.symbols.size()));
    for (std::size_t i = 0; i < slot.symbols.size(); ++i) {
      SetMFType(fields, i + 1, SYMBOL);
      SetMFValue(fields, i + 1, slot.symbols[i]);
    }
    data.type = MULTIFIELD;
    data.value = fields;
    data.begin = 0;
    data.end = static_cast<long>(slot.symbols.size()) - 1;
    break;
  }
  }
  if (!EnvPutFactSlot(environment, made, slot.name, &data)) {
    bench::die(std::string("clips: no slot ") + slot.name);
  }
}

// Leaves the answers of the request's artefacts in `answers`, ids in the order in which rules
// fired.
void decide(const Request& request) {
  if (answers.size() < request.artefacts) {
    answers.resize(request.artefacts);
  }
  for (std::size_t i = 0; i < request.artefacts; ++i) {
    answers[i].clear();
  }
  static std::vector<void*> asserted;
  asserted.clear();
  for (const Fact& described : request.facts) {
    void* made = EnvCreateFact(environment, described.deftemplate);
    for (const SlotValue& slot : described.slots) {
      put_slot(made, slot);
    }
    made = EnvAssert(environment, made);
    if (made == nullptr) {
      bench::die("clips: assert failed");
    }
    asserted.push_back(made);
  }
  EnvRun(environment, -1);
  for (std::size_t i = asserted.size(); i-- > 0;) {
    EnvRetract(environment, asserted[i]);
  }
}

int winner(const std::vector<int>& ids) {
  int best = -1;
  for (const int id : ids) {
    const auto strength = [](int rule) { return strengths[static_cast<std::size_t>(rule)]; };
    if (best < 0 || strength(id) > strength(best) ||
        (strength(id) == strength(best) && id < best)) {
      best = id;
    }
  }
  return best;
}

void add_answers(const Request& request, bench::Checksum& sum) {
  for (std::size_t i = 0; i < request.artefacts; ++i) {
    std::sort(answers[i].begin(), answers[i].end());
    sum.add(answers[i], winner(answers[i]));
  }
}

template <typename Visit>
void each_request(const bench::Options& options, Visit visit) {
  simdjson::dom::parser parser;
  simdjson::dom::document_stream stream =
      parser.load_many(options.data + "/" + options.workload + ".jsonl", 1U << 22U);
  std::size_t count = 0;
  for (const element object : stream) {
    visit(prepare(object));
    if (++count == options.limit) {
      break;
    }
  }
}

void measure_passes(const bench::Options& options, bench::ResultLine& line) {
  bench::Checksum sum;
  std::vector<Request> requests;
  each_request(options, [&](Request request) { requests.push_back(std::move(request)); });
  for (const Request& request : requests) {
    decide(request);
    add_answers(request, sum);
  }
  std::vector<double> rates;
  std::vector<double> p50;
  std::vector<double> p99;
  for (int pass = 0; pass < options.passes; ++pass) {
    std::vector<double> latency;
    std::size_t matches = 0;
    long winners = 0;
    const auto start = bench::Clock::now();
    for (const Request& request : requests) {
      const auto begin = bench::Clock::now();
      decide(request);
      for (std::size_t i = 0; i < request.artefacts; ++i) {
        matches += answers[i].size();
        winners += winner(answers[i]) + 1;
      }
      latency.push_back(bench::seconds(begin, bench::Clock::now()) * 1e6);
    }
    rates.push_back(static_cast<double>(sum.items()) / bench::seconds(start, bench::Clock::now()));
    p50.push_back(bench::quantile(latency, 0.5));
    p99.push_back(bench::quantile(latency, 0.99));
    if (matches != sum.matches() || winners < 0) {
      bench::die("clips: a pass gave other answers");
    }
  }
  line.number("identities", requests.size()).sum(sum).rates(rates);
  line.number("p50_us", bench::quantile(p50, 0.5), 2)
      .number("p99_us", bench::quantile(p99, 0.5), 2);
}

void measure_stream(const bench::Options& options, bench::ResultLine& line) {
  bench::Checksum sum;
  std::size_t identities = 0;
  double deciding = 0;
  const auto start = bench::Clock::now();
  each_request(options, [&](const Request& request) {
    const auto begin = bench::Clock::now();
    decide(request);
    deciding += bench::seconds(begin, bench::Clock::now());
    add_answers(request, sum);
    ++identities;
  });
  line.number("identities", identities).sum(sum);
  line.number("decisions_per_s", static_cast<double>(sum.items()) / deciding, 0);
  line.number("eval_s", deciding, 4);
  line.number("total_s", bench::seconds(start, bench::Clock::now()), 3);
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options = bench::parse_options(count, arguments);
  const std::string rules = options.data + "/rules-" + std::to_string(options.rules) + ".json";
  simdjson::dom::parser parser;
  for (const element rule : parser.load(rules).get_array()) {
    strengths.push_back(static_cast<int>(rule["strength"].get_int64()));
  }
  environment = CreateEnvironment();
  EnvDefineFunction2(environment, "hit", 'v', reinterpret_cast<int (*)(void*)>(hit), "hit", "22i");
  if (EnvLoad(environment, options.source.c_str()) != 1) {
    bench::die("clips: cannot load " + options.source);
  }
  EnvReset(environment);
  bench::ResultLine line;
  line.text("engine", "clips").text("version", "6.30").text("workload", options.workload);
  line.number("rules", static_cast<std::size_t>(options.rules));
  if (options.workload == "w1") {
    measure_passes(options, line);
  } else {
    measure_stream(options, line);
  }
  line.number("peak_mib", bench::peak_mib(), 1).print();
}
