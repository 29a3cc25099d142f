// Writing pages: what other people's texts need to stand in HTML.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace rescind {

// `text` with the characters that mean something in HTML written out.
std::string escape_html(std::string_view text);
// "2026-01-05 08:00:00" of "2026-01-05T08:00:00Z"; other texts unchanged.
std::string readable_instant(std::string_view instant);
// The look that all pages share, for their <style>.
std::string_view page_style();

}  // namespace rescind
