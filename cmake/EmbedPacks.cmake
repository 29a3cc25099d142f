# Writes OUT: a C++ file with the text of each policy pack in FILES (see engine/workflow/packs.h).
set(code "#include \"workflow/packs.h\"\n\nnamespace rescind {\nnamespace {\nconstexpr ShippedPack kPacks[] = {\n")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  file(RELATIVE_PATH name ${ROOT} ${file})
  # A string literal may be 64 KiB at most by the standard; packs are far smaller.
  string(APPEND code "    {\"${name}\", R\"rescind_pack(${text})rescind_pack\"},\n")
endforeach()
string(APPEND code "};\n}  // namespace\n\nstd::span<const ShippedPack> shipped_packs() { return kPacks; }\n}  // namespace rescind\n")
file(WRITE ${OUT} "${code}")
