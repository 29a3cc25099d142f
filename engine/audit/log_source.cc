// Passing over what nobody wants to hear without reading it.
#include "audit/log_source.h"

namespace rescind {
namespace {

// The kind that a canonical line names; "" when it is not there.
std::string_view kind_of(std::string_view line) {
  // Nothing before it can hold these bytes: a number and an instant.
  constexpr std::string_view kMember = ",\"kind\":\"";
  const std::size_t at = line.find(kMember);
  if (at == std::string_view::npos) {
    return {};
  }
  line.remove_prefix(at + kMember.size());
  return line.substr(0, line.find('"'));
}

}  // namespace

Status hear_line(std::string_view line, const EntryKinds& kinds, const EntryHearer& hear) {
  if (!kinds.empty() && !kinds.contains(kind_of(line))) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(const AuditEntry entry, decode_entry(line));
  hear(entry);
  return {};
}

}  // namespace rescind
