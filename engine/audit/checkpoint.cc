// Signed notes and the checkpoints in them.
#include "audit/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace rescind {
namespace {

constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // an em dash and a space
constexpr std::string_view kTimeStart = "time ";
constexpr std::size_t kKeyHashBytes = 4;

template <typename Bytes>
std::string_view view_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Which key a signature line means: the first bytes of a hash over name, algorithm and key.
std::string key_hash(std::string_view name, const PublicKey& key) {
  const Sha256Bytes hash =
      Sha256().update(name).update("\n\x01").update(view_of(key.bytes)).finish();
  return std::string(view_of(hash).substr(0, kKeyHashBytes));
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorKind::Corrupt, what);
}

// Takes the first line off; nothing when there is no line end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// True when one of `keys` made the signature line over `text` under `name`.
bool is_signed(std::string_view line, std::string_view name, std::string_view text,
               const std::vector<PublicKey>& keys) {
  const std::string start = std::string(kSignatureStart) + std::string(name) + ' ';
  if (!line.starts_with(start)) {
    return false;
  }
  const auto bytes = decode_base64(line.substr(start.size()));
  Signature signature;
  if (!bytes || bytes->size() != kKeyHashBytes + signature.bytes.size()) {
    return false;
  }
  std::memcpy(signature.bytes.data(), bytes->data() + kKeyHashBytes, signature.bytes.size());
  return std::any_of(keys.begin(), keys.end(), [&](const PublicKey& key) {
    return key_hash(name, key) == bytes->substr(0, kKeyHashBytes) &&
           verify_signature(key, text, signature);
  });
}

Result<Checkpoint> parse_text(std::string_view text) {
  Checkpoint checkpoint;
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  const auto time = take_line(text);
  if (!origin || !size || !root || !time || !text.empty() || !is_origin(*origin)) {
    return malformed("a checkpoint has four lines: its origin, size, root hash and time");
  }
  checkpoint.origin = *origin;
  const auto parsed = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  if (parsed.ec != std::errc() || std::to_string(checkpoint.size) != *size) {
    return malformed("the size in the checkpoint is no number");
  }
  const auto hash = decode_base64(*root);
  if (!hash || hash->size() != checkpoint.root.size()) {
    return malformed("the root hash in the checkpoint is no base64 of 32 bytes");
  }
  std::memcpy(checkpoint.root.data(), hash->data(), checkpoint.root.size());
  const auto at =
      time->starts_with(kTimeStart) ? parse_instant(time->substr(kTimeStart.size())) : std::nullopt;
  if (!at) {
    return malformed("the last line of a checkpoint is `time` and an instant");
  }
  checkpoint.at = *at;
  return checkpoint;
}

// Text and signature lines of a note.
struct NoteParts {
  std::string_view text, signatures;
};

Result<NoteParts> split_note(std::string_view note) {
  const std::size_t gap = note.rfind("\n\n");
  if (gap == std::string_view::npos) {
    return malformed("a signed note has an empty line before its signatures");
  }
  return NoteParts{note.substr(0, gap + 1), note.substr(gap + 2)};
}

}  // namespace

bool is_origin(std::string_view text) {
  return !text.empty() && !first_invalid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char byte) {
           return byte == '+' || byte == 0x7F || static_cast<unsigned char>(byte) <= 0x20U;
         });
}

std::string sign_note(const std::string& name, const std::string& text, const KeyPair& key) {
  const Signature signature = sign(key, text);
  return text + '\n' + std::string(kSignatureStart) + name + ' ' +
         encode_base64(key_hash(name, key.public_key) + std::string(view_of(signature.bytes))) +
         '\n';
}

Result<std::string> verify_note(std::string_view note, std::string_view name,
                                const std::vector<PublicKey>& keys) {
  RESCIND_ASSIGN_OR_RETURN(NoteParts parts, split_note(note));
  while (const auto line = take_line(parts.signatures)) {
    if (is_signed(*line, name, parts.text, keys)) {
      return std::string(parts.text);
    }
  }
  return malformed("no signature under it was made by a known key");
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const KeyPair& key) {
  return sign_note(checkpoint.origin,
                   checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' +
                       encode_base64(view_of(checkpoint.root)) + '\n' + std::string(kTimeStart) +
                       format_instant(checkpoint.at) + '\n',
                   key);
}

Result<Checkpoint> read_checkpoint(std::string_view note) {
  RESCIND_ASSIGN_OR_RETURN(const NoteParts parts, split_note(note));
  return parse_text(parts.text);
}

Result<Checkpoint> verify_checkpoint(std::string_view note, const std::vector<PublicKey>& keys) {
  RESCIND_ASSIGN_OR_RETURN(Checkpoint checkpoint, read_checkpoint(note));
  if (auto signed_text = verify_note(note, checkpoint.origin, keys); !signed_text) {
    return tl::unexpected(std::move(signed_text).error());
  }
  return checkpoint;
}

std::string format_note_key(const std::string& name, const PublicKey& key) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hash;
  for (const char byte : key_hash(name, key)) {
    const auto value = static_cast<unsigned char>(byte);
    hash += kDigits[value >> 4U];
    hash += kDigits[value & 0xFU];
  }
  return name + '+' + hash + '+' + encode_base64("\x01" + std::string(view_of(key.bytes)));
}

}  // namespace rescind
