// Reads the `deliveries` of the configuration: where each dependent reads its credential.
#pragma once

#include <string>
#include <vector>

#include "collect/document.h"
#include "diagnostics/diagnostic.h"
#include "model/configuration.h"

namespace rescind {

// What is wrong is reported; the routes that could be read are appended.
void read_deliveries(const DocumentNode& node, std::vector<DeliveryRoute>& out,
                     Diagnostics& diagnostics);

}  // namespace rescind
