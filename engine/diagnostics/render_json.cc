// Diagnostics for machines: one JSON document with places already turned into lines and columns.
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

std::string_view severity_word(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "error";
}

void add_place(Json& json, Span span, const SourceSet& sources) {
  if (!span.file.valid()) {
    for (const char* key : {"file", "line", "column", "end_line", "end_column"}) {
      json[key] = nullptr;
    }
    return;
  }
  const SourceFile& file = sources.file(span.file);
  const LineColumn begin = file.locate(span.begin);
  const LineColumn end = file.locate(span.end);
  json["file"] = file.name();
  json["line"] = begin.line;
  json["column"] = begin.column;
  json["end_line"] = end.line;
  json["end_column"] = end.column;
}

}  // namespace

std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources) {
  Json list = Json::array();
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    Json entry;
    entry["code"] = code_name(diagnostic.code);
    entry["severity"] = severity_word(diagnostic.severity);
    entry["message"] = diagnostic.message;
    add_place(entry, diagnostic.primary, sources);
    entry["label"] = diagnostic.label;
    entry["labels"] = Json::array();
    for (const Label& label : diagnostic.labels) {
      Json item;
      add_place(item, label.span, sources);
      item["text"] = label.text;
      entry["labels"].push_back(std::move(item));
    }
    entry["help"] = diagnostic.help;
    list.push_back(std::move(entry));
  }
  Json document;
  document["diagnostics"] = std::move(list);
  document["suppressed"] = diagnostics.suppressed();
  // Text quoted from a broken file may not be UTF-8; JSON must be.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rescind
