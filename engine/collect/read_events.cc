// Event files → events whose type, subject, time and attributes hold.
#include "collect/read_events.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/text.h"
#include "collect/document.h"
#include "collect/event_values.h"

namespace rescind {
namespace {

using Node = DocumentNode;

constexpr std::size_t kMaxSuggestedFrom = 20'000;

// Whether the text can stand in a line: no control characters, also none that turn text around.
bool is_name(std::string_view text) {
  return std::none_of(
             text.begin(), text.end(),
             [](char byte) { return static_cast<unsigned char>(byte) < 0x20U || byte == 0x7F; }) &&
         !first_bidi_control(text);
}

// An event with the place that messages about it point at.
struct ReadEvent {
  Event event;
  Span span;
};

class EventReader {
 public:
  EventReader(const Schema& schema, const Inventory* inventory, const EventOptions& options,
              Diagnostics& diagnostics)
      : schema_(schema),
        inventory_(inventory),
        options_(options),
        diagnostics_(diagnostics),
        values_(schema, inventory, diagnostics) {}

  void read(const Node& node) {
    if (node.kind == Node::Kind::List) {
      for (const Node& element : node.elements) {
        read_event(element);
      }
    } else if (node.kind != Node::Kind::Null) {
      read_event(node);
    }
  }

  std::vector<Event> finish() {
    keep_last_revisions();
    std::vector<Event> out;
    for (ReadEvent& read : events_) {
      out.push_back(std::move(read.event));
    }
    return out;
  }

 private:
  void read_event(const Node& node) {
    if (node.kind != Node::Kind::Map) {
      diagnostics_.error(Code::R0606, node.span,
                         "an event is a mapping, not " + std::string(node_kind_name(node)));
      return;
    }
    const std::size_t errors = diagnostics_.error_count();
    Event event;
    check_fields(node);
    const EventType* type = read_type(node, event);
    read_texts(node, event);
    if (type != nullptr) {
      check_subject(node, *type, event);
      read_attributes(node, *type, event);
    }
    read_time(node, event);
    if (diagnostics_.error_count() == errors) {
      Span span = node.span;
      if (const Node* subject = node.find("subject")) {
        span = subject->span;
      }
      events_.push_back({std::move(event), span});
    }
  }

  void check_fields(const Node& node) {
    static const std::array<std::string, 12> kFields{
        "type",         "subject",  "at",        "id",         "source", "arrived",
        "submitted_by", "revision", "withdrawn", "attributes", "before", "after"};
    for (const DocumentMember& member : node.members) {
      if (std::find(kFields.begin(), kFields.end(), member.key) != kFields.end()) {
        continue;
      }
      Diagnostic& error = diagnostics_.error(Code::R0605, member.key_span,
                                             "unknown field `" + member.key + "` of an event");
      if (const auto near = nearest_name(member.key, kFields)) {
        error.help.push_back("did you mean `" + *near + "`?");
      } else {
        error.help.push_back("what is particular to this type of event goes into `attributes`");
      }
    }
  }

  // The text of a field; null when it is missing or no text, which is reported when it must be
  // there.
  const Node* text_field(const Node& node, std::string_view name, bool required) {
    const Node* field = node.find(name);
    if (field == nullptr) {
      if (required) {
        Span span = node.span;
        span.end = span.begin + 1;
        diagnostics_.error(Code::R0607, span, "the event has no `" + std::string(name) + "`");
      }
      return nullptr;
    }
    if (!field->is_text() || field->kind == Node::Kind::Null || (required && field->text.empty())) {
      diagnostics_.error(
          Code::R0606, field->span,
          "`" + std::string(name) + "` must be a string, not " +
              (field->text.empty() ? "an empty one" : std::string(node_kind_name(*field))));
      return nullptr;
    }
    return field;
  }

  const EventType* read_type(const Node& node, Event& event) {
    const Node* field = text_field(node, "type", true);
    if (field == nullptr) {
      return nullptr;
    }
    event.type = field->text;
    const std::optional<std::size_t> index = schema_.find_event(field->text);
    if (!index) {
      std::vector<std::string> names;
      for (const EventType& type : schema_.events) {
        if (!type.derived_always) {
          names.push_back(type.name);
        }
      }
      Diagnostic& error = diagnostics_.error(Code::R0602, field->span,
                                             "unknown event `" + field->text.substr(0, 60) + "`");
      if (const auto near = nearest_name(field->text, names)) {
        error.help.push_back("did you mean `" + *near + "`?");
      } else {
        error.help.push_back("known events: " + join(names, ", "));
      }
      return nullptr;
    }
    const EventType& type = schema_.events[*index];
    if (type.derived_always) {
      diagnostics_.error(Code::R0609, field->span, "`" + type.name + "` cannot be reported",
                         "it is derived from the event of the owner or knower");
    }
    return &type;
  }

  void read_texts(const Node& node, Event& event) {
    const auto read_name = [&](std::string_view name, bool required, std::string& out) {
      const Node* field = text_field(node, name, required);
      if (field == nullptr) {
        return;
      }
      if (is_name(field->text)) {
        out = field->text;
      } else {
        diagnostics_.error(Code::R0606, field->span,
                           "a control character stands in the `" + std::string(name) + "`",
                           "it names the event in lists that have a line each");
      }
    };
    read_name("subject", true, event.subject);
    read_name("id", false, event.id);
    read_name("source", false, event.source);
    read_name("submitted_by", false, event.submitted_by);
    if (const Node* field = node.find("revision")) {
      const std::optional<std::int64_t> revision = integer_of(*field);
      if (!revision || *revision < 1 || *revision > UINT32_MAX) {
        diagnostics_.error(Code::R0606, field->span, "`revision` must be a whole number from 1");
      } else {
        event.revision = static_cast<std::uint32_t>(*revision);
      }
    }
    if (const Node* field = node.find("withdrawn")) {
      if (field->kind != Node::Kind::Bool) {
        diagnostics_.error(Code::R0606, field->span, "`withdrawn` must be true or false");
      }
      event.withdrawn = field->text == "true";
    }
  }

  // --- the subject ---

  void check_subject(const Node& node, const EventType& type, const Event& event) {
    if (inventory_ == nullptr || event.subject.empty()) {
      return;
    }
    const bool identity = inventory_->find_identity(event.subject).valid();
    const bool item = inventory_->find_item(event.subject).valid();
    const bool system = inventory_->find_system(event.subject).valid();
    const bool there = type.about == EventAbout::Identity ? identity
                       : type.about == EventAbout::Item   ? item
                                                          : system;
    if (there) {
      return;
    }
    const std::string about{about_name(type.about)};
    const std::string_view other = identity ? "an identity" : item ? "an item" : "a system";
    const bool elsewhere = identity || item || system;
    Diagnostic& error = diagnostics_.error(
        Code::R0603, node.find("subject")->span,
        "no " + about + " `" + event.subject.substr(0, 80) + "` in the inventory",
        elsewhere ? "that is " + std::string(other) + "; `" + type.name + "` is about an " + about
                  : "`" + type.name + "` is about " + (about == "system" ? "a " : "an ") + about);
    if (const auto near = elsewhere ? std::nullopt : nearest_subject(type.about, event.subject)) {
      error.help.push_back("did you mean `" + *near + "`?");
    }
  }

  [[nodiscard]] std::optional<std::string> nearest_subject(EventAbout about,
                                                           const std::string& subject) const {
    std::vector<std::string> names;
    const auto add = [&](const Table& table) {
      if (names.size() + table.ids.size() <= kMaxSuggestedFrom) {
        for (const Symbol id : table.ids) {
          names.emplace_back(inventory_->text(id));
        }
      }
    };
    if (about != EventAbout::Item) {
      add(inventory_->table(about == EventAbout::Identity ? Entity::Identity : Entity::System));
    } else {
      for (std::size_t kind = 0; kind < kKindCount; ++kind) {
        add(inventory_->tables[kind]);
      }
    }
    return nearest_name(subject, names);
  }

  // The attributes that the subject has: those of its kind where the inventory knows it.
  [[nodiscard]] const std::vector<Attribute>* subject_attributes(const EventType& type,
                                                                 const Event& event) const {
    if (type.about == EventAbout::Identity) {
      return &schema_.of(Entity::Identity).attributes;
    }
    if (type.about == EventAbout::System) {
      return &schema_.of(Entity::System).attributes;
    }
    const ItemRef item = inventory_ == nullptr ? ItemRef{} : inventory_->find_item(event.subject);
    return item.valid() ? &schema_.of(item.kind()).attributes : nullptr;
  }

  void read_attributes(const Node& node, const EventType& type, Event& event) {
    const std::string whose = "event `" + type.name + "`";
    const Node* attributes = node.find("attributes");
    if (attributes != nullptr) {
      event.attributes = values_.read_map(*attributes, type.attributes, "attributes", whose);
    }
    for (const Attribute& attribute : type.attributes) {
      const bool needed =
          attribute.required || (!attribute.type.optional && !attribute.fallback.has_value());
      const bool given = attributes != nullptr && attributes->find(attribute.name) != nullptr;
      if (needed && !given) {
        diagnostics_.error(Code::R0607,
                           attributes != nullptr ? attributes->span : node.find("type")->span,
                           whose + " needs the attribute `" + attribute.name + "`");
      }
    }
    const auto read_state = [&](const std::string& name, std::optional<AttributeMap>& out) {
      const Node* state = node.find(name);
      const std::vector<Attribute>* declared = subject_attributes(type, event);
      if (state == nullptr) {
        return;
      }
      if (declared != nullptr) {
        out = values_.read_map(*state, *declared, name, "the subject");
      } else if (inventory_ == nullptr) {
        diagnostics_.error(Code::R0606, state->span,
                           "`" + name + "` of an item cannot be checked without an inventory");
      }
    };
    read_state("before", event.before);
    read_state("after", event.after);
  }

  // --- time ---

  void read_time(const Node& node, Event& event) {
    if (const Node* arrived = text_field(node, "arrived", false)) {
      event.arrived = parse_instant(arrived->text);
      if (!event.arrived) {
        bad_time(*arrived, "arrived");
      }
    }
    const Node* at = text_field(node, "at", true);
    if (at == nullptr) {
      return;
    }
    if (at->text == "now") {
      event.at = options_.now;
    } else if (const std::optional<Date> date = parse_date(at->text)) {
      end_of_last_day(*at, *date, event);
    } else if (const std::optional<Instant> instant = parse_instant(at->text)) {
      event.at = *instant;
    } else {
      bad_time(*at, "at");
    }
  }

  void bad_time(const Node& node, const std::string& name) {
    Diagnostic& error = diagnostics_.error(
        Code::R0604, node.span,
        "`" + name + "` is `" + node.text.substr(0, 60) + "`, which is no instant",
        "like `2026-01-05T17:00:00Z`" + std::string(name == "at" ? " or `2026-01-05`" : ""));
    if (parse_instant(node.text + "Z")) {
      error.help.push_back("add `Z` for UTC, or an offset like `+01:00`");
    }
  }

  // A plain date means the end of that day where the subject is.
  void end_of_last_day(const Node& node, Date date, Event& event) {
    event.at_date = date;
    std::string zone = subject_zone(event.subject);
    event.zone_assumed = zone.empty();
    if (zone.empty()) {
      zone = options_.timezone.empty() ? "UTC" : options_.timezone;
    }
    const Result<Instant> end = end_of_day(date, zone);
    if (!end) {
      diagnostics_.error(Code::R0604, node.span,
                         "the end of `" + node.text + "` cannot be told: " + end.error().message());
      return;
    }
    event.at = *end;
  }

  // The zone of an identity, or of the holder of an item; "" unknown.
  [[nodiscard]] std::string subject_zone(const std::string& subject) const {
    if (inventory_ == nullptr) {
      return {};
    }
    IdentityRef person = inventory_->find_identity(subject);
    if (const ItemRef item = inventory_->find_item(subject); !person.valid() && item.valid()) {
      person = inventory_->holder(item);
    }
    if (!person.valid()) {
      return {};
    }
    const Column& zones =
        inventory_->table(Entity::Identity).columns[identity_attribute::kTimezone];
    return std::string(inventory_->text(Symbol{zones.word_at(person.row())}));
  }

  // --- revisions ---

  static auto content(const Event& e) {
    return std::tie(e.type, e.subject, e.at, e.at_date, e.arrived, e.id, e.source, e.submitted_by,
                    e.revision, e.withdrawn, e.attributes, e.before, e.after);
  }

  void keep_last_revisions() {
    std::sort(events_.begin(), events_.end(), [](const ReadEvent& a, const ReadEvent& b) {
      const auto key = [](const Event& e) {
        return std::tie(e.subject, e.type, e.at, e.source, e.id, e.revision);
      };
      const bool same = key(a.event) == key(b.event);
      return same ? content(a.event) < content(b.event) : key(a.event) < key(b.event);
    });
    std::map<std::pair<std::string, std::string>, std::size_t> last;  // source, id → kept
    std::vector<ReadEvent> kept;
    for (ReadEvent& read : events_) {
      if (read.event.id.empty()) {
        const bool again = !kept.empty() && content(kept.back().event) == content(read.event);
        if (!again) {
          kept.push_back(std::move(read));
        }
        continue;
      }
      const auto [found, added] = last.try_emplace({read.event.source, read.event.id}, kept.size());
      if (added) {
        kept.push_back(std::move(read));
        continue;
      }
      supersede(kept[found->second], read);
    }
    std::sort(kept.begin(), kept.end(), [](const ReadEvent& a, const ReadEvent& b) {
      const auto key = [](const Event& e) {
        return std::tie(e.subject, e.type, e.at, e.source, e.id);
      };
      return key(a.event) < key(b.event);
    });
    events_ = std::move(kept);
  }

  void supersede(ReadEvent& kept, ReadEvent& other) {
    if (other.event.revision > kept.event.revision) {
      kept = std::move(other);
    } else if (other.event.revision == kept.event.revision &&
               content(other.event) != content(kept.event)) {
      const Span first = std::min(kept.span, other.span);
      diagnostics_
          .error(Code::R0608, std::max(kept.span, other.span),
                 "revision " + std::to_string(kept.event.revision) + " of event `" + kept.event.id +
                     "` is given again with other content",
                 "raise `revision` to correct an event")
          .labels.push_back({first, "also here"});
    }
  }

  const Schema& schema_;
  const Inventory* inventory_;
  const EventOptions& options_;
  Diagnostics& diagnostics_;
  EventValues values_;
  std::vector<ReadEvent> events_;
};

}  // namespace

std::optional<std::vector<Event>> read_events(const SourceSet& sources, SourceFileId file,
                                              const Schema& schema, const Inventory* inventory,
                                              const EventOptions& options,
                                              Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  const std::string& name = sources.file(file).name();
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  DocumentLimits limits;
  limits.max_bytes = 64UL * 1024 * 1024;
  limits.max_nodes = 4'000'000;
  const std::vector<DocumentNode> documents =
      yaml ? read_yaml_document(sources, file, Code::R0601, limits, diagnostics)
           : read_json_document(sources, file, Code::R0601, limits, diagnostics);
  EventReader reader(schema, inventory, options, diagnostics);
  for (const DocumentNode& document : documents) {
    reader.read(document);
  }
  std::vector<Event> events = reader.finish();
  if (diagnostics.error_count() == errors && events.empty()) {
    diagnostics.error(Code::R0601, Span{file, 0, 0}, "there is no event in the file");
  }
  if (diagnostics.error_count() != errors) {
    return std::nullopt;
  }
  return events;
}

}  // namespace rescind
