// Signed notes against a published example, and checkpoints in them.
#include "audit/checkpoint.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

Checkpoint checkpoint() {
  return {.origin = "audit.example.org/rescind",
          .size = 12,
          .root = hash_leaf("root"),
          .at = at_second(0)};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("checkpoint: it is a signed note of four lines and reads back") {
  const KeyPair key = key_of(7);
  const std::string note = sign_checkpoint(checkpoint(), key);
  CHECK(note.starts_with("audit.example.org/rescind\n12\n"));
  CHECK(note.find("=\ntime 2026-01-05T08:00:00Z\n\n\xE2\x80\x94 audit.example.org/rescind ") !=
        std::string::npos);
  const auto read = verify_checkpoint(note, {key_of(6).public_key, key.public_key});
  REQUIRE(read);
  CHECK(*read == checkpoint());
}

TEST_CASE("checkpoint: the signature of the example in Go's note package is recognised") {
  // golang.org/x/mod/sumdb/note: the verifier key of PeterNeumann and the note that it signed.
  const auto raw = decode_base64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  REQUIRE(raw);
  PublicKey key;
  std::copy(raw->begin() + 1, raw->end(), reinterpret_cast<char*>(key.bytes.data()));
  CHECK(format_note_key("PeterNeumann", key) ==
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const std::string note =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n"
      "\xE2\x80\x94 PeterNeumann x08go/"
      "ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  CHECK(verify_note(note, "PeterNeumann", {key}).has_value());
  CHECK_FALSE(verify_note(replaced(note, "answer", "Answer"), "PeterNeumann", {key}).has_value());
  CHECK_FALSE(verify_note(note, "Peter", {key}).has_value());
}

TEST_CASE("checkpoint: a changed line, another name or another key is refused") {
  const KeyPair key = key_of(7);
  const std::string note = sign_checkpoint(checkpoint(), key);
  const std::vector<PublicKey> keys{key.public_key};
  CHECK_FALSE(verify_checkpoint(replaced(note, "\n12\n", "\n13\n"), keys));
  CHECK_FALSE(verify_checkpoint(replaced(note, "08:00", "09:00"), keys));
  CHECK_FALSE(verify_checkpoint(replaced(note, "audit.", "other."), keys));
  CHECK(verify_checkpoint(note, {key_of(8).public_key}).error().message() ==
        "no signature under it was made by a known key");
  CHECK_FALSE(verify_checkpoint(note, {}));
  CHECK(verify_checkpoint(note, keys));
}

TEST_CASE("checkpoint: a text that is none is refused with what is missing") {
  const auto refusal = [](const std::string& text) {
    const auto read = read_checkpoint(text);
    REQUIRE_FALSE(read.has_value());
    return read.error().message();
  };
  CHECK(refusal("nothing") == "a signed note has an empty line before its signatures");
  CHECK(refusal("origin\n12\n\nx\n") ==
        "a checkpoint has four lines: its origin, size, root hash and time");
  const std::string note = sign_checkpoint(checkpoint(), key_of(7));
  CHECK(refusal(replaced(note, "\n12\n", "\n012\n")) == "the size in the checkpoint is no number");
  CHECK(refusal(replaced(note, "\n12\n", "\n12\n=")) ==
        "the root hash in the checkpoint is no base64 of 32 bytes");
  CHECK(refusal(replaced(note, "time ", "date ")) ==
        "the last line of a checkpoint is `time` and an instant");
}

TEST_CASE("checkpoint: an origin has no spaces, plus signs or control characters") {
  CHECK(is_origin("audit.example.org/rescind"));
  for (const char* text : {"", "two words", "a+b", "line\nend", "\x7f"}) {
    CAPTURE(text);
    CHECK_FALSE(is_origin(text));
  }
}

}  // namespace
