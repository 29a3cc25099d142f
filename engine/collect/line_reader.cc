// A sliding buffer over the input, with room behind it for a parser that reads ahead.
#include "collect/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "collect/record_reader.h"

namespace rescind {
namespace {

constexpr std::size_t kChunkBytes = 1024UL * 1024;

}  // namespace

LineReader::LineReader(int descriptor, std::size_t max_line_bytes)
    : descriptor_(descriptor), max_line_bytes_(max_line_bytes) {}

LineReader::LineReader(std::string_view text, std::size_t max_line_bytes)
    : text_(text), max_line_bytes_(max_line_bytes) {}

// Moves the unread part to the front and reads one chunk after it.
Status LineReader::refill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kChunkBytes + kRecordPadding) {
    buffer_.resize(end_ + kChunkBytes + kRecordPadding);
  }
  if (descriptor_ < 0) {
    const std::size_t taken = std::min(text_.size(), kChunkBytes);
    std::memcpy(buffer_.data() + end_, text_.data(), taken);
    text_.remove_prefix(taken);
    end_ += taken;
    at_end_ = taken == 0;
    return {};
  }
  ssize_t taken = 0;
  do {
    taken = ::read(descriptor_, buffer_.data() + end_, kChunkBytes);
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) {
    return fail(ErrorKind::Io, std::string("read: ") + std::strerror(errno));
  }
  end_ += static_cast<std::size_t>(taken);
  at_end_ = taken == 0;
  return {};
}

Result<bool> LineReader::next(Line& line) {
  std::size_t searched = 0;
  while (true) {
    const char* from = buffer_.data() + begin_ + searched;
    const auto left = end_ - begin_ - searched;
    const char* found =
        left == 0 ? nullptr : static_cast<const char*>(std::memchr(from, '\n', left));
    const std::size_t size = found == nullptr
                                 ? end_ - begin_
                                 : static_cast<std::size_t>(found - buffer_.data()) - begin_;
    const bool complete = found != nullptr || (at_end_ && size > 0);
    if (!complete && at_end_) {
      return false;
    }
    if (complete || size > max_line_bytes_) {
      const bool rest = skipping_;
      skipping_ = !complete;
      line.text = std::string_view(buffer_.data() + begin_, size);
      line.too_long = size > max_line_bytes_;
      number_ += rest ? 0U : 1U;
      line.number = number_;
      begin_ += size + (found != nullptr ? 1 : 0);
      searched = 0;
      if (!rest) {
        return true;
      }
      continue;
    }
    searched = size;
    RESCIND_RETURN_IF_ERROR(refill());
  }
}

}  // namespace rescind
