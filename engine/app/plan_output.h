// A plan in the format that was asked for. Shared by the command line and the server.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/plan.h"

namespace rescind {

// text, json, dot, mermaid
std::span<const std::string_view> plan_formats();
std::string_view plan_media_type(std::string_view format);

// `format` is one of plan_formats(); colour and verbosity matter to text alone.
std::string render_plan(const Plan& plan, std::string_view format, bool color, bool verbose);

}  // namespace rescind
