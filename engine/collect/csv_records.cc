// CSV with a header line, after RFC 4180: quotes, doubled quotes, line ends inside quotes.
#include <algorithm>

#include "collect/to_json.h"

namespace rescind {
namespace {

struct CsvRow {
  std::vector<std::string> cells;
  std::uint32_t line = 1;
  bool open_quote = false;  // the text ended inside quotes
};

class CsvScanner {
 public:
  explicit CsvScanner(std::string_view text) : text_(text) {}

  bool next(CsvRow& row) {
    if (at_ >= text_.size()) {
      return false;
    }
    row = CsvRow{};
    row.line = line_;
    while (read_cell(row)) {
    }
    return true;
  }

 private:
  // True when another cell follows on the row.
  bool read_cell(CsvRow& row) {
    std::string& cell = row.cells.emplace_back();
    const bool quoted = at_ < text_.size() && text_[at_] == '"';
    if (quoted) {
      ++at_;
      read_quoted(row, cell);
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') {
      cell += text_[at_++];
    }
    if (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      return true;
    }
    if (!cell.empty() && cell.back() == '\r') {
      cell.pop_back();
    }
    line_ += at_ < text_.size() ? 1U : 0U;
    ++at_;
    return false;
  }

  void read_quoted(CsvRow& row, std::string& cell) {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') {
          return;
        }
      }
      line_ += text_[at_] == '\n' ? 1U : 0U;
      cell += text_[at_];
    }
    row.open_quote = true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

// One cell of a set: JSON when it begins with `[`, else elements separated by `;`.
void append_set(std::string_view cell, const Type* type, std::string& out) {
  if (cell.starts_with('[')) {
    out += cell;
    return;
  }
  out += '[';
  bool first = true;
  while (!cell.empty()) {
    const std::size_t end = std::min(cell.find(';'), cell.size());
    std::string_view element = cell.substr(0, end);
    cell.remove_prefix(std::min(end + 1, cell.size()));
    while (element.starts_with(' ')) {
      element.remove_prefix(1);
    }
    while (element.ends_with(' ')) {
      element.remove_suffix(1);
    }
    if (!element.empty()) {
      out += first ? "" : ",";
      append_typed(element, type, out);
      first = false;
    }
  }
  out += ']';
}

std::string record_json(const CsvRow& header, const CsvRow& row, std::string_view record,
                        const Schema& schema) {
  std::string out = "{";
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const std::string& cell = row.cells[i];
    if (cell.empty()) {
      continue;
    }
    out += out.size() > 1 ? "," : "";
    append_json_string(header.cells[i], out);
    out += ':';
    const Type* type = field_type(schema, record, header.cells[i]);
    const bool set = (type != nullptr && type->kind == TypeKind::Set) ||
                     (record == "coverage" && header.cells[i] == "kinds");
    if (set) {
      append_set(cell, type, out);
    } else {
      append_typed(cell, type, out);
    }
  }
  return out + "}";
}

bool is_empty_row(const CsvRow& row) {
  return row.cells.size() == 1 && row.cells.front().empty();
}

}  // namespace

ConvertedRecords csv_records(std::string_view text, const Schema& schema) {
  ConvertedRecords out;
  CsvScanner scanner(text);
  CsvRow header;
  if (!scanner.next(header)) {
    return out;
  }
  std::size_t record_column = header.cells.size();
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    record_column = header.cells[i] == "record" ? i : record_column;
  }
  if (record_column == header.cells.size()) {
    out.records.push_back({"", 1, "the header line has no column `record`"});
    return out;
  }
  CsvRow row;
  while (scanner.next(row)) {
    if (is_empty_row(row)) {
      continue;
    }
    if (row.open_quote) {
      out.records.push_back({"", row.line, "a quoted cell does not end"});
    } else if (row.cells.size() != header.cells.size()) {
      out.records.push_back({"", row.line,
                             "the row has " + std::to_string(row.cells.size()) +
                                 " cells, the header " + std::to_string(header.cells.size())});
    } else {
      const std::string& record = row.cells[record_column];
      out.records.push_back({record_json(header, row, record, schema), row.line, ""});
    }
  }
  return out;
}

}  // namespace rescind
