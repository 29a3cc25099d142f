// Rendering a plan in the format that was asked for.
#include "app/plan_output.h"

#include "base/check.h"
#include "plan/render.h"

namespace rescind {
namespace {

constexpr std::string_view kFormats[] = {"text", "json", "dot", "mermaid"};

}  // namespace

std::span<const std::string_view> plan_formats() {
  return kFormats;
}

std::string_view plan_media_type(std::string_view format) {
  return format == "json"  ? "application/json"
         : format == "dot" ? "text/vnd.graphviz; charset=utf-8"
                           : "text/plain; charset=utf-8";
}

std::string render_plan(const Plan& plan, std::string_view format, bool color, bool verbose) {
  if (format == "json") {
    return encode_plan(plan);
  }
  if (format == "dot") {
    return render_plan_dot(plan);
  }
  if (format == "mermaid") {
    return render_plan_mermaid(plan);
  }
  RESCIND_CHECK(format == "text", "the format is one of plan_formats()");
  return render_plan_text(plan, PlanTextOptions{.color = color, .verbose = verbose});
}

}  // namespace rescind
