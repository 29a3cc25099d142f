// The script's text → entries in the order of time.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <span>

#include "base/text.h"
#include "collect/document.h"
#include "collect/read_events.h"
#include "simulate/script.h"

namespace rescind {
namespace {

using Node = DocumentNode;
using What = ScriptEntry::What;

struct Word {
  std::string_view name;
  What what;
  std::vector<std::string> fields;  // that a mapping may have
  std::vector<std::string> needed;
};

const std::vector<Word>& words() {
  static const std::vector<Word> all = {
      {"use", What::Use, {"item", "by"}, {"item", "by"}},
      {"sign_in", What::SignIn, {"item", "by"}, {"item"}},
      {"enable", What::Enable, {"item", "by"}, {"item", "by"}},
      {"fail", What::Fail, {"system", "item", "verb", "how", "for", "times", "delay"}, {"how"}},
      {"mend", What::Mend, {"system"}, {}},
      {"approve", What::Approve, {"item", "by", "over_limit"}, {"by"}},
      {"refuse", What::Refuse, {"item", "by", "reason"}, {"item", "by"}},
      {"acknowledge", What::Acknowledge, {"by"}, {"by"}},
      {"deliver", What::Deliver, {"item", "to"}, {"item", "to"}},
      {"event", What::Event, {}, {}},
      {"withdraw", What::Withdraw, {"event"}, {"event"}},
      {"revise", What::Revise, {"event", "at"}, {"event", "at"}},
      {"undo", What::Undo, {"subject"}, {"subject"}},
      {"record", What::Record, {}, {}},
      {"clock_jump", What::ClockJump, {}, {}},
      {"accept_clock", What::AcceptClock, {}, {}},
  };
  return all;
}

// An entry, and which event before it is meant.
struct ReadEntry {
  ScriptEntry entry;
  Span span;
  std::string event;
  Instant event_at{};
};

class ScriptReader {
 public:
  ScriptReader(SourceSet& sources, const ScriptContext& context, Diagnostics& diagnostics)
      : sources_(sources), context_(context), diagnostics_(diagnostics) {}

  // In the order of time.
  std::vector<ScriptEntry> read(const std::vector<Node>& documents) {
    std::vector<ReadEntry> out;
    for (const Node& document : documents) {
      if (document.kind == Node::Kind::Null) {
        continue;
      }
      if (document.kind == Node::Kind::List) {
        for (const Node& element : document.elements) {
          read_entry(element, out);
        }
      } else {
        read_entry(document, out);
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const ReadEntry& a, const ReadEntry& b) {
      return a.entry.at < b.entry.at;
    });
    find_events(out);
    std::vector<ScriptEntry> entries;
    for (ReadEntry& one : out) {
      entries.push_back(std::move(one.entry));
    }
    return entries;
  }

 private:
  void suggest(Diagnostic& diagnostic, std::string_view name,
               std::span<const std::string> candidates) const {
    if (const auto near = nearest_name(name, candidates)) {
      diagnostic.help.push_back("did you mean `" + *near + "`?");
    }
  }

  void wrong(const Node& node, const std::string& text, const std::string& rule) {
    diagnostics_.error(Code::R1153, node.span, text, rule);
  }

  // What is withdrawn or revised was reported before.
  void find_events(std::vector<ReadEntry>& entries) {
    std::map<std::string, Event> known;
    const auto remember = [&known](const std::vector<Event>& events) {
      for (const Event& event : events) {
        known[event.id] = event;
      }
    };
    remember(context_.events);
    for (ReadEntry& one : entries) {
      const bool withdraws = one.entry.what == What::Withdraw;
      if (withdraws || one.entry.what == What::Revise) {
        const auto before = known.find(one.event);
        if (before == known.end()) {
          std::vector<std::string> names;
          for (const auto& [id, event] : known) {
            names.push_back(id);
          }
          suggest(diagnostics_.error(Code::R1154, one.span,
                                     "no event `" + one.event + "` was reported by then"),
                  one.event, names);
          continue;
        }
        Event next = before->second;
        ++next.revision;
        next.arrived.reset();
        next.withdrawn = withdraws;
        if (!withdraws) {
          next.at = one.event_at;
          next.at_date.reset();
        }
        one.entry.events = {std::move(next)};
      }
      remember(one.entry.events);
    }
  }

  void read_entry(const Node& node, std::vector<ReadEntry>& out) {
    if (node.kind != Node::Kind::Map) {
      diagnostics_.error(Code::R1150, node.span,
                         std::string("an entry of a script is a mapping, this is ") +
                             std::string(node_kind_name(node)));
      return;
    }
    ReadEntry read;
    ScriptEntry& entry = read.entry;
    read.span = node.span;
    const Node* value = nullptr;
    const Word* word = nullptr;
    const Node* time = node.find("at");
    if (time != nullptr) {
      read_time(*time, entry.at);
    }
    for (const DocumentMember& member : node.members) {
      if (member.key == "at") {
        continue;
      }
      const auto found = std::find_if(words().begin(), words().end(),
                                      [&](const Word& one) { return one.name == member.key; });
      if (found == words().end()) {
        std::vector<std::string> names{"at"};
        for (const Word& one : words()) {
          names.emplace_back(one.name);
        }
        suggest(diagnostics_.error(Code::R1151, member.key_span,
                                   "a script has no `" + member.key + "`"),
                member.key, names);
      } else if (word != nullptr) {
        diagnostics_.error(Code::R1152, member.key_span,
                           "an entry does one thing; this one has `" + std::string(word->name) +
                               "` and `" + member.key + "`");
      } else {
        word = &*found;
        value = &member.value;
      }
    }
    if (time == nullptr) {
      diagnostics_.error(Code::R1152, node.span, "an entry of a script needs `at`",
                         "when does it happen?");
    }
    if (word == nullptr) {
      if (node.members.size() <= 1) {
        diagnostics_.error(Code::R1152, node.span, "nothing happens in this entry");
      }
      return;
    }
    entry.what = word->what;
    read_value(*word, *value, read);
    entry.text = std::string(word->name) + (entry.text.empty() ? "" : " ") + entry.text;
    out.push_back(std::move(read));
  }

  // An instant, or how long after the beginning: "+16d".
  void read_time(const Node& node, Instant& at) {
    if (node.is_text() && node.text.starts_with("+")) {
      if (const auto after = parse_duration(node.text.substr(1))) {
        at = context_.begin + *after;
        return;
      }
    } else if (node.is_text()) {
      if (const auto instant = parse_instant(node.text)) {
        at = *instant;
        return;
      }
    }
    wrong(node, "`" + node.text + "` is no time",
          "an instant (2026-11-20T17:00Z) or a time after the beginning (+16d)");
  }

  void read_value(const Word& word, const Node& node, ReadEntry& read) {
    ScriptEntry& entry = read.entry;
    switch (word.what) {
    case What::Event:
      read_event(node, entry);
      return;
    case What::Record:
      entry.record = json_of(node);
      entry.text = entry.record;
      if (node.kind != Node::Kind::Map || node.find("record") == nullptr ||
          node.find("id") == nullptr) {
        wrong(node, "a record of the inventory has `record` and `id`", "");
      }
      return;
    case What::ClockJump: {
      const bool back = node.text.starts_with("-");
      const auto by = node.is_text() ? parse_duration(node.text.substr(back ? 1 : 0))
                                     : std::optional<Seconds>();
      if (!by) {
        wrong(node, "`" + node.text + "` is no duration", "5m, or -5m for backwards");
        return;
      }
      entry.jump = back ? -*by : *by;
      entry.text = node.text;
      return;
    }
    case What::AcceptClock:
      if (node.kind != Node::Kind::Bool || node.text != "true") {
        wrong(node, "`accept_clock` is true", "the clock is right, whatever it did");
      }
      return;
    case What::Use:
    case What::SignIn:
    case What::Enable:
    case What::Fail:
    case What::Mend:
    case What::Approve:
    case What::Refuse:
    case What::Acknowledge:
    case What::Deliver:
    case What::Withdraw:
    case What::Revise:
    case What::Undo:
      read_fields(word, node, read);
      return;
    }
  }

  // The node as if it stood alone in a file of the same name, beginning at its place.
  void read_event(const Node& node, ScriptEntry& entry) {
    const SourceFile& file = sources_.file(node.span.file);
    const LineColumn place = file.locate(node.span.begin);
    const std::string text = std::string(place.line - 1, '\n') +
                             std::string(place.column - 1, ' ') + json_of(node) + "\n";
    const SourceFileId alone = sources_.add(file.name(), text);
    auto events = read_events(sources_, alone, context_.schema, &context_.inventory,
                              {.timezone = context_.timezone, .now = entry.at}, diagnostics_);
    if (events) {
      entry.events = *std::move(events);
      for (const Event& event : entry.events) {
        entry.text += event.type + " " + event.subject;
      }
    }
  }

  void read_fields(const Word& word, const Node& node, ReadEntry& read) {
    ScriptEntry& entry = read.entry;
    if (node.kind != Node::Kind::Map) {
      wrong(node, "`" + std::string(word.name) + "` is a mapping of " + join(word.fields, ", "),
            std::string(node_kind_name(node)));
      return;
    }
    for (const DocumentMember& member : node.members) {
      if (std::find(word.fields.begin(), word.fields.end(), member.key) == word.fields.end()) {
        suggest(diagnostics_.error(Code::R1151, member.key_span,
                                   "`" + std::string(word.name) + "` has no `" + member.key + "`"),
                member.key, word.fields);
        continue;
      }
      if (!member.value.is_scalar() || member.value.text.empty()) {
        wrong(member.value, "`" + member.key + "` is a single value", "");
        continue;
      }
      read_field(member.key, member.value, read);
      entry.text += (entry.text.empty() ? "" : ", ") + member.key + " " + member.value.text;
    }
    for (const std::string& needed : word.needed) {
      if (node.find(needed) == nullptr) {
        diagnostics_.error(Code::R1152, node.span,
                           "`" + std::string(word.name) + "` needs `" + needed + "`");
      }
    }
  }

  void read_field(const std::string& key, const Node& value, ReadEntry& read) {
    ScriptEntry& entry = read.entry;
    const std::string& text = value.text;
    if (key == "event") {
      read.event = text;
    } else if (key == "at") {
      read_time(value, read.event_at);
    } else if (key == "subject") {
      entry.item = text;
      check_name(value,
                 context_.inventory.find_identity(text).valid() ||
                     context_.inventory.find_item(text).valid() ||
                     context_.inventory.find_system(text).valid(),
                 "identity, item or system", ids(Entity::Identity));
    } else if (key == "item") {
      entry.item = text;
      entry.fault.item = text;
      check_name(value, context_.inventory.find_item(text).valid(), "item", item_ids());
    } else if (key == "by") {
      entry.by = text;
      check_name(value, context_.inventory.find_identity(text).valid(), "identity",
                 ids(Entity::Identity));
    } else if (key == "system") {
      entry.fault.system = text;
      check_name(value, context_.inventory.find_system(text).valid(), "system",
                 ids(Entity::System));
    } else if (key == "to") {
      entry.to = text;
    } else if (key == "reason") {
      entry.reason = text;
    } else if (key == "over_limit") {
      entry.over_limit = text;
    } else if (key == "verb") {
      entry.fault.verb = find_verb(text);
      if (!entry.fault.verb) {
        wrong(value, "`" + text + "` is no verb", "");
      }
    } else if (key == "how") {
      read_fault(value, entry);
    } else if (key == "times") {
      entry.fault.times = std::strtoll(text.c_str(), nullptr, 10);
      if (entry.fault.times <= 0) {
        wrong(value, "`" + text + "` is no number of times", "a whole number from 1");
      }
    } else {
      read_duration(key, value, entry);
    }
  }

  void read_duration(const std::string& key, const Node& value, ScriptEntry& entry) {
    const auto duration = parse_duration(value.text);
    if (!duration) {
      wrong(value, "`" + value.text + "` is no duration", "such as 30m or 3d");
    } else if (key == "for") {
      entry.fault.until = entry.at + *duration;
    } else {
      entry.fault.delay = *duration;
    }
  }

  void read_fault(const Node& value, ScriptEntry& entry) {
    if (const auto kind = find_estate_fault(value.text)) {
      entry.fault.kind = *kind;
      return;
    }
    std::vector<std::string> names;
    for (const std::string_view name : estate_fault_names()) {
      names.emplace_back(name);
    }
    suggest(diagnostics_.error(
                Code::R1153, value.span,
                "`" + value.text + "` is no way to fail; there are " + join(names, ", ")),
            value.text, names);
  }

  void check_name(const Node& value, bool known, const std::string& what,
                  const std::vector<std::string>& candidates) {
    if (!known) {
      suggest(diagnostics_.error(Code::R1154, value.span,
                                 "the inventory has no " + what + " `" + value.text + "`"),
              value.text, candidates);
    }
  }

  [[nodiscard]] std::vector<std::string> ids(Entity entity) const {
    std::vector<std::string> out;
    for (const Symbol id : context_.inventory.table(entity).ids) {
      out.emplace_back(context_.inventory.text(id));
    }
    return out;
  }

  [[nodiscard]] std::vector<std::string> item_ids() const {
    std::vector<std::string> out;
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const std::vector<std::string> of_kind = ids(static_cast<Entity>(k));
      out.insert(out.end(), of_kind.begin(), of_kind.end());
    }
    return out;
  }

  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      out += c == '"' || c == '\\' ? "\\" : "";
      out += c;
    }
    return out + "\"";
  }

  static std::string json_of(const Node& node) {
    std::string out;
    switch (node.kind) {
    case Node::Kind::Null:
      return "null";
    case Node::Kind::Bool:
    case Node::Kind::Number:
      return node.text;
    case Node::Kind::String:
      return quoted(node.text);
    case Node::Kind::List:
      for (const Node& element : node.elements) {
        out += (out.empty() ? "" : ",") + json_of(element);
      }
      return "[" + out + "]";
    case Node::Kind::Map:
      for (const DocumentMember& member : node.members) {
        out += (out.empty() ? "" : ",") + quoted(member.key) + ":" + json_of(member.value);
      }
      return "{" + out + "}";
    }
    return out;
  }

  SourceSet& sources_;
  const ScriptContext& context_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<std::vector<ScriptEntry>> read_script(SourceSet& sources, SourceFileId file,
                                                    const ScriptContext& context,
                                                    Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  const std::string& name = sources.file(file).name();
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  const std::vector<Node> documents =
      yaml ? read_yaml_document(sources, file, Code::R1150, {}, diagnostics)
           : read_json_document(sources, file, Code::R1150, {}, diagnostics);
  std::vector<ScriptEntry> out = ScriptReader(sources, context, diagnostics).read(documents);
  if (diagnostics.error_count() != errors) {
    return std::nullopt;
  }
  return out;
}

}  // namespace rescind
