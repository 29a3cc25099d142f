// The evidence log as a file: a header line with the signed checkpoints, then one entry a line.
// docs/audit-format.md specifies it.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "audit/entry.h"
#include "audit/log_check.h"
#include "audit/log_source.h"
#include "base/result.h"

namespace rescind {

inline constexpr std::string_view kLogFormat = "rescind-evidence-log";
inline constexpr std::string_view kLogVersion = "1.0";

struct LogHeader {
  std::string origin;
  std::vector<std::string> checkpoints;  // notes
};

// One line without its end.
std::string encode_log_header(const LogHeader& header);
// Errors: Corrupt (not the header of a log), Unsupported (another version).
Result<LogHeader> decode_log_header(std::string_view line);

// Checks a log file from its beginning to its end. `checkpoints`: further notes to hold it against,
// with where they come from. Errors: those of the header, Io.
struct NamedNote {
  std::string from, note;
};

Result<LogReport> check_log_file(std::istream& in, LogCheckOptions options,
                                 const std::vector<NamedNote>& checkpoints);

// The entries of a log file, which is opened anew each time that they are read.
LogSource entries_of_file(std::string path);

}  // namespace rescind
