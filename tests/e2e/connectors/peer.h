// A real server of tests/peers for the length of an object: started on a free port, stopped at the
// end even when the test is killed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace rescind::test {

class Peer {
 public:
  // `name` is the script's ("slapd"); `seed` is the content of its seed file, "" none. A server
  // that does not start ends the test program: nothing is ever skipped.
  Peer(const std::string& name, const std::string& seed, std::vector<std::string> options = {});
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Makes the server as if it had just started with this seed. Not every script can.
  void reset(const std::string& seed);

  // What the script printed ("URL"); must exist.
  [[nodiscard]] const std::string& operator[](const std::string& key) const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  // Runs the script and gives what it printed; a script that fails ends the test program.
  std::string run_script(const std::string& verb, const std::string& seed,
                         const std::vector<std::string>& options);

  std::string script_;
  std::string directory_;
  std::map<std::string, std::string> values_;
};

// Runs a program (no shell) with these arguments and more environment ("PGPASSWORD=x"): standard
// output and error together, and the exit status.
struct CommandResult {
  int status = -1;
  std::string output;
};

CommandResult run_command(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {},
                          std::string_view input = {});

// A program that runs on beside the test, such as a session of somebody. Ended with the object.
class Background {
 public:
  Background(const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  // Waits until it ends by itself; its exit status.
  int wait();

 private:
  pid_t child_ = -1;
};

}  // namespace rescind::test
