// Keeps a write to a closed connection from killing the process, in this thread and for this scope
// only: a library must not change how the whole program handles signals.
#pragma once

#include <csignal>

namespace rescind {

class SigpipeBlock {
 public:
  SigpipeBlock();
  ~SigpipeBlock();
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;
  SigpipeBlock(SigpipeBlock&&) = delete;
  SigpipeBlock& operator=(SigpipeBlock&&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace rescind
