// Finds the files, hands each to the reader of its format, seals.
#include "collect/collect_inventory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/line_reader.h"
#include "collect/salvage.h"
#include "collect/to_json.h"

namespace rescind {
namespace {

namespace fs = std::filesystem;

enum class Format : std::uint8_t { JsonLines, Json, Yaml, Csv };

std::optional<Format> format_of(std::string_view name) {
  if (name.ends_with(".jsonl")) {
    return Format::JsonLines;
  }
  if (name.ends_with(".json")) {
    return Format::Json;
  }
  if (name.ends_with(".yaml") || name.ends_with(".yml")) {
    return Format::Yaml;
  }
  return name.ends_with(".csv") ? std::optional(Format::Csv) : std::nullopt;
}

// A file descriptor that closes itself.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

class Collector {
 public:
  Collector(std::shared_ptr<const Schema> schema, const CollectOptions& options)
      : options_(options), builder_(std::move(schema)), reader_(builder_, options.limits) {}

  Status read(const InventoryInput& input) {
    if (input.text) {
      begin(input, input.name);
      return read_text(*input.text, format_of(input.name).value_or(Format::JsonLines));
    }
    std::error_code error;
    if (!fs::is_directory(input.name, error)) {
      return read_path(input, input.name, format_of(input.name).value_or(Format::JsonLines));
    }
    std::vector<std::string> paths;
    for (fs::recursive_directory_iterator it(input.name, error), end; !error && it != end;
         it.increment(error)) {
      if (it->is_regular_file(error) && format_of(it->path().string())) {
        paths.push_back(it->path().string());
      }
    }
    if (error) {
      return fail(ErrorKind::Io, "cannot list `" + input.name + "`: " + error.message());
    }
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      RESCIND_RETURN_IF_ERROR(read_path(input, path, *format_of(path)));
    }
    return {};
  }

  std::shared_ptr<const Inventory> seal() { return builder_.seal(options_.seal); }

 private:
  void begin(const InventoryInput& input, const std::string& name) {
    builder_.begin_source(InventorySource{name, input.collected_at, 0, input.incomplete});
  }

  Status read_path(const InventoryInput& input, const std::string& path, Format format) {
    begin(input, path);
    if (format != Format::JsonLines) {
      RESCIND_ASSIGN_OR_RETURN(const std::string text, read_file(path, options_.max_file_bytes));
      return read_text(text, format);
    }
    const OpenFile file(path);
    if (file.descriptor() < 0) {
      return fail(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io,
                  "cannot open `" + path + "`: " + std::strerror(errno));
    }
    LineReader lines(file.descriptor(), options_.limits.max_record_bytes);
    auto status = read_lines(lines);
    if (!status) {
      return tl::unexpected(std::move(status.error().add_context("reading `" + path + "`")));
    }
    return {};
  }

  Status read_text(std::string_view text, Format format) {
    text = without_byte_order_mark(text);
    switch (format) {
    case Format::JsonLines: {
      LineReader lines(text, options_.limits.max_record_bytes);
      return read_lines(lines);
    }
    case Format::Json:
      for (const JsonElement& element : split_elements(text)) {
        read_element(element.text, element.line);
      }
      return {};
    case Format::Yaml:
      return read_converted(yaml_records(text, builder_.schema()));
    case Format::Csv:
      return read_converted(csv_records(text, builder_.schema()));
    }
    return {};
  }

  Status read_lines(LineReader& lines) {
    Line line;
    while (true) {
      RESCIND_ASSIGN_OR_RETURN(const bool more, lines.next(line));
      if (!more) {
        return {};
      }
      if (line.number == 1) {
        line.text = without_byte_order_mark(line.text);
      }
      if (line.too_long) {
        reader_.refuse_large(line.text, line.number);
      } else if (!is_blank(line.text)) {
        while (is_blank(line.text.substr(line.text.size() - 1))) {
          line.text.remove_suffix(1);
        }
        reader_.read_record(line.text, line.number);
      }
    }
  }

  Status read_converted(const ConvertedRecords& records) {
    for (const ConvertedRecord& record : records.records) {
      if (record.why.empty()) {
        read_element(record.json, record.line);
      } else {
        builder_.reject(Code::R0515, record.line, record.why);
      }
    }
    return {};
  }

  // A record that is not in a line buffer: copied to where there is padding.
  void read_element(std::string_view text, std::uint32_t line) {
    if (text.size() > options_.limits.max_record_bytes) {
      reader_.refuse_large(text, line);
      return;
    }
    padded_.assign(text);
    padded_.append(kRecordPadding, ' ');
    reader_.read_record(std::string_view(padded_).substr(0, text.size()), line);
  }

  const CollectOptions& options_;
  InventoryBuilder builder_;
  RecordReader reader_;
  std::string padded_;
};

Code code_of(std::string_view why) {
  for (const Code code : all_codes()) {
    if (why.starts_with(code_name(code))) {
      return code;
    }
  }
  return Code::R0501;
}

void report_rejected(const Inventory& inventory, Diagnostics& diagnostics) {
  constexpr std::size_t kMaxReported = 100;
  for (const RejectedRecord& rejected : inventory.rejected) {
    if (&rejected - inventory.rejected.data() == kMaxReported) {
      return;
    }
    const std::string place =
        rejected.line == 0 ? rejected.file : rejected.file + ":" + std::to_string(rejected.line);
    const std::size_t colon = rejected.why.find(": ");
    std::string message = place + ": " + rejected.why.substr(colon + 2);
    if (!rejected.id.empty()) {
      message += " (record `" + rejected.id + "`)";
    }
    diagnostics.warning(code_of(rejected.why), Span{}, std::move(message));
  }
}

}  // namespace

Result<std::shared_ptr<const Inventory>> collect_inventory(
    const std::vector<InventoryInput>& inputs, std::shared_ptr<const Schema> schema,
    const CollectOptions& options, Diagnostics& diagnostics) {
  Collector collector(std::move(schema), options);
  for (const InventoryInput& input : inputs) {
    RESCIND_RETURN_IF_ERROR(collector.read(input));
  }
  std::shared_ptr<const Inventory> inventory = collector.seal();
  report_rejected(*inventory, diagnostics);
  return inventory;
}

std::shared_ptr<const Inventory> collect_inventory_from_text(std::string_view json_lines,
                                                             std::shared_ptr<const Schema> schema) {
  InventoryInput input;
  input.name = "inventory.jsonl";
  input.text = std::string(json_lines);
  Diagnostics diagnostics;
  auto inventory = collect_inventory({input}, std::move(schema), CollectOptions{}, diagnostics);
  return inventory ? *inventory : nullptr;  // text in memory cannot fail to be read
}

std::string with_holder_key(std::string_view record_json, std::string_view holder_key) {
  const std::size_t end = record_json.rfind('}');
  if (holder_key.empty() || end == std::string_view::npos) {
    return std::string(record_json);
  }
  std::string out{record_json.substr(0, end)};
  out += R"(,"holder_key":)";
  append_json_string(holder_key, out);
  out += '}';
  return out;
}

}  // namespace rescind
