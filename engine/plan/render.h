// A plan for readers: text for people, DOT and Mermaid for pictures. (JSON is encode_plan.)
#pragma once

#include <cstddef>
#include <string>

#include "model/plan.h"

namespace rescind {

struct PlanTextOptions {
  bool color = false;
  std::size_t width = 110;  // columns; at least 80 are used
  bool verbose = false;     // reasons in full, previews and facts of every step
};

// Ends with a newline.
std::string render_plan_text(const Plan& plan, const PlanTextOptions& options);
// Strong edges solid, weak ones dashed; one cluster per rank.
std::string render_plan_dot(const Plan& plan);
std::string render_plan_mermaid(const Plan& plan);

}  // namespace rescind
