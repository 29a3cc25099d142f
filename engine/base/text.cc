// UTF-8 checks, nearest names, globs, and reading and replacing whole files through POSIX calls.
#include "base/text.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rescind {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

bool continues(std::string_view text, std::size_t index) {
  return index < text.size() && (byte_at(text, index) & 0xC0U) == 0x80U;
}

// The first byte at or after `index` that is not ASCII, or the size: eight bytes at a time, as
// nearly all text is ASCII.
std::size_t ascii_end(std::string_view text, std::size_t index) {
  std::uint64_t eight = 0;
  for (; index + sizeof(eight) <= text.size(); index += sizeof(eight)) {
    std::memcpy(&eight, text.data() + index, sizeof(eight));
    if ((eight & 0x8080808080808080U) != 0) {
      break;
    }
  }
  while (index < text.size() && byte_at(text, index) < 0x80U) {
    ++index;
  }
  return index;
}

// Bytes of the well-formed code point at `index`; 0 when it is not well-formed (Unicode table 3-7).
std::size_t code_point_bytes(std::string_view text, std::size_t index) {
  const unsigned lead = byte_at(text, index);
  if (lead < 0x80U) {
    return 1;
  }
  if (lead < 0xC2U || lead > 0xF4U || !continues(text, index + 1)) {
    return 0;
  }
  if (lead < 0xE0U) {
    return 2;
  }
  const unsigned second = byte_at(text, index + 1);
  if (!continues(text, index + 2)) {
    return 0;
  }
  if (lead < 0xF0U) {
    const bool overlong = lead == 0xE0U && second < 0xA0U;
    const bool surrogate = lead == 0xEDU && second > 0x9FU;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = lead == 0xF0U && second < 0x90U;
  const bool too_large = lead == 0xF4U && second > 0x8FU;
  return overlong || too_large || !continues(text, index + 3) ? 0 : 4;
}

// The first byte past the code point at `index`; an ill-formed byte counts as one code point.
std::size_t next_code_point(std::string_view text, std::size_t index) {
  return index + std::max<std::size_t>(1, code_point_bytes(text, index));
}

// Optimal string alignment distance (insert, delete, replace, swap neighbours), or limit + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) {
    return limit + 1;
  }
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return std::min(above[b.size()], limit + 1);
}

std::string last_error(std::string_view what, const std::string& path) {
  std::string message(what);
  message += " `" + path + "`: ";
  message += std::strerror(errno);
  return message;
}

// Closes on every way out.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}

  ~FileDescriptor() { close(); }

  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&&) = delete;
  FileDescriptor& operator=(FileDescriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }

  bool close() {
    const int number = std::exchange(number_, -1);
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return false;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  std::size_t index = ascii_end(text, 0);
  while (index < text.size()) {
    const std::size_t bytes = code_point_bytes(text, index);
    if (bytes == 0) {
      return index;
    }
    index = ascii_end(text, index + bytes);
  }
  return std::nullopt;
}

std::optional<std::size_t> first_bidi_control(std::string_view text) {
  for (std::size_t i = ascii_end(text, 0); i + 1 < text.size(); i = ascii_end(text, i + 1)) {
    const unsigned lead = byte_at(text, i);
    const unsigned second = byte_at(text, i + 1);
    if (lead == 0xD8U && second == 0x9CU) {  // U+061C
      return i;
    }
    if (lead != 0xE2U || i + 2 >= text.size()) {
      continue;
    }
    const unsigned third = byte_at(text, i + 2);
    const bool marks = second == 0x80U && (third == 0x8EU || third == 0x8FU);   // U+200E/F
    const bool embeds = second == 0x80U && third >= 0xAAU && third <= 0xAEU;    // U+202A..E
    const bool isolates = second == 0x81U && third >= 0xA6U && third <= 0xA9U;  // U+2066..9
    if (marks || embeds || isolates) {
      return i;
    }
  }
  return std::nullopt;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); i = next_code_point(text, i)) {
    ++width;
  }
  return width;
}

std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates) {
  std::size_t best = std::max<std::size_t>(1, name.size() / 3);
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate, best);
    const bool nearer = distance < best || (distance == best && nearest == nullptr);
    const bool earlier = distance == best && nearest != nullptr && candidate < *nearest;
    if (nearer || earlier) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? std::nullopt : std::optional<std::string>(*nearest);
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != parts.data()) {
      text += separator;
    }
    text += part;
  }
  return text;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_code_point(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      // Only the last star needs to be tried again, so the cost is bounded by pattern x text.
      p = star + 1;
      resume = next_code_point(text, resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    return fail(ErrorKind::Io, last_error("cannot open", path));
  }
  std::string content;

  struct stat status {};

  if (::fstat(file.number(), &status) == 0 && S_ISREG(status.st_mode)) {
    content.reserve(std::min(max_bytes, static_cast<std::size_t>(status.st_size)) + 1);
  }
  std::array<char, kReadBytes> buffer{};
  while (true) {
    const ssize_t got = ::read(file.number(), buffer.data(), buffer.size());
    if (got == 0) {
      return content;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail(ErrorKind::Io, last_error("cannot read", path));
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return fail(ErrorKind::Limit,
                  "`" + path + "` is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Status write_file_atomically(const std::string& path, std::string_view content) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      path + ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(++counter);

  struct stat existing {};

  const mode_t mode = ::stat(path.c_str(), &existing) == 0 ? (existing.st_mode & 0777U) : 0666U;
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.number() < 0) {
    return fail(ErrorKind::Io, last_error("cannot create", temporary));
  }
  const bool written = write_all(file.number(), content) && ::fsync(file.number()) == 0 &&
                       file.close() && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    Error error(ErrorKind::Io, last_error("cannot write", path));
    ::unlink(temporary.c_str());
    return tl::unexpected<Error>(std::move(error));
  }
  // The rename itself must survive a power cut.
  FileDescriptor directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.number() < 0 || ::fsync(directory.number()) != 0) {
    return fail(ErrorKind::Io, last_error("cannot sync the directory of", path));
  }
  return {};
}

}  // namespace rescind
