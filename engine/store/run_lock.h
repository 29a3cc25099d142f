// RunLock: sole use of one run across processes, by a lock of the operating system on one byte of a
// file beside the store. It ends with the process, so that a killed one never leaves it behind.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace rescind {

// Errors: Conflict while another holder (process or thread) has it, Io.
Result<std::unique_ptr<Store::Lease>> lock_run(const std::string& store_path,
                                               const std::string& run);

}  // namespace rescind
