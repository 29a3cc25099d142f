// A folder that vanishes with the test; in memory where the machine has such a place, because tests
// of durable state would spend their time waiting for the disk.
#pragma once

#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <stdlib.h>

namespace rescind {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code none;
    const bool memory = std::filesystem::is_directory("/dev/shm", none);
    std::string pattern =
        (memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/rescind-XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace rescind
