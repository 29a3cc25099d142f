// Open-file-description locks: they belong to the descriptor, so that two holders in one process
// exclude each other too.
#include "store/run_lock.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/hash.h"

namespace rescind {
namespace {

class FileLease final : public Store::Lease {
 public:
  explicit FileLease(int descriptor) : descriptor_(descriptor) {}

  FileLease(const FileLease&) = delete;
  FileLease& operator=(const FileLease&) = delete;

  ~FileLease() override { close(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

Result<std::unique_ptr<Store::Lease>> lock_run(const std::string& store_path,
                                               const std::string& run) {
  if (store_path == ":memory:") {
    return std::make_unique<Store::Lease>();  // no other process can open it
  }
  const std::string path = store_path + "-runs";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorKind::Io, "cannot open `" + path + "`: " + std::strerror(errno) +
                                   "; make the store's folder writable");
  }
  auto lease = std::make_unique<FileLease>(descriptor);
  const Sha256Bytes digest = sha256(run);
  off_t offset = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    offset = offset * 256 + digest[i];
  }

  struct flock lock {};

  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  if (fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return fail(ErrorKind::Conflict, "another process is working on " + run + "; let it finish",
                  RetryAdvice::Safe);
    }
    return fail(ErrorKind::Io, "cannot lock `" + path + "`: " + std::strerror(errno));
  }
  return std::unique_ptr<Store::Lease>(std::move(lease));
}

}  // namespace rescind
