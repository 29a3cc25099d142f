// Reading and writing an exported log.
#include "audit/log_file.h"

#include <fstream>
#include <istream>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/printable.h"

namespace rescind {

std::string encode_log_header(const LogHeader& header) {
  std::string line = "{\"format\":" + quote_json(kLogFormat) +
                     ",\"version\":" + quote_json(kLogVersion) +
                     ",\"origin\":" + quote_json(header.origin) + ",\"checkpoints\":[";
  for (std::size_t at = 0; at < header.checkpoints.size(); ++at) {
    line += (at == 0 ? "" : ",") + quote_json(header.checkpoints[at]);
  }
  return line + "]}";
}

Result<LogHeader> decode_log_header(std::string_view line) {
  const auto object = nlohmann::json::parse(line, nullptr, false);
  const auto text = [&object](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!object.is_object() || text("format") != kLogFormat) {
    return fail(ErrorKind::Corrupt, "this is no evidence log: its first line has no `format`: `" +
                                        std::string(kLogFormat) + "`");
  }
  if (text("version") != kLogVersion) {
    return fail(ErrorKind::Unsupported, "the evidence log has version `" +
                                            printable(text("version")) + "`, this program knows " +
                                            std::string(kLogVersion));
  }
  LogHeader header;
  header.origin = text("origin");
  const auto notes = object.find("checkpoints");
  if (notes == object.end() || !notes->is_array()) {
    return fail(ErrorKind::Corrupt, "the header of the evidence log has no `checkpoints`");
  }
  for (const auto& note : *notes) {
    if (!note.is_string()) {
      return fail(ErrorKind::Corrupt, "a checkpoint in the header of the evidence log is no text");
    }
    header.checkpoints.push_back(note.get<std::string>());
  }
  return header;
}

Result<LogReport> check_log_file(std::istream& in, LogCheckOptions options,
                                 const std::vector<NamedNote>& checkpoints) {
  std::string line;
  std::getline(in, line);
  RESCIND_ASSIGN_OR_RETURN(const LogHeader header, decode_log_header(line));
  if (options.origin.empty()) {
    options.origin = header.origin;
  }
  LogChecker checker(std::move(options));
  for (std::size_t at = 0; at < header.checkpoints.size(); ++at) {
    checker.add_checkpoint(header.checkpoints[at], "checkpoint " + std::to_string(at + 1));
  }
  for (const NamedNote& named : checkpoints) {
    checker.add_checkpoint(named.note, named.from);
  }
  while (std::getline(in, line)) {
    checker.add_line(line);
  }
  if (in.bad()) {
    return fail(ErrorKind::Io, "the evidence log could not be read to its end");
  }
  return checker.finish();
}

LogSource entries_of_file(std::string path) {
  return [path = std::move(path)](const EntryKinds& kinds, const EntryHearer& hear) -> Status {
    std::ifstream in(path, std::ios::binary);
    std::string line;
    std::getline(in, line);  // the header
    while (std::getline(in, line)) {
      RESCIND_RETURN_IF_ERROR(hear_line(line, kinds, hear));
    }
    if (!in.eof()) {
      return fail(ErrorKind::Io, "`" + path + "` could not be read to its end");
    }
    return {};
  };
}

}  // namespace rescind
