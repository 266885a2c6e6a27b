#include "config/vim_syntax.h"

#include <set>
#include <string_view>

#include "config/schema.h"

namespace hawser::config {

namespace {

constexpr std::size_t kWidest = 110;

constexpr std::string_view kHead = R"(" Vim syntax file
" Language: configurations of Hawser, which are YAML
" Written from the table of keys in src/config: HAWSER_WRITE_VIM=1 config_test

if !exists('b:current_syntax')
  runtime! syntax/yaml.vim
endif
if get(b:, 'current_syntax', '') !~# '^yaml'
  finish
endif

" Each inside what Vim's rules for YAML take for a key.
syn match hawserUnknown /^\h[^:]*/ contained containedin=yamlBlockMappingKey
)";

constexpr std::string_view kTail = R"(
syn match hawserVariable /\$\%(\w\+\|{\w\+}\)/ contained containedin=yamlFlowString,yamlPlainScalar
syn match hawserAmount /\<\d\+\%(ms\|[smhdkgKMG]\|%\)\ze\%([, \t}\]]\|$\)/ contained containedin=yamlPlainScalar

hi def link hawserUnknown  Error
hi def link hawserSection  Structure
hi def link hawserKey      Keyword
hi def link hawserVariable PreProc
hi def link hawserAmount   Number

let b:current_syntax = 'hawser'
)";

using Names = std::set<std::string_view>;

void add_names(const Section& section, Names& names) {
  for (const Key& key : section.keys) {
    names.insert(key.name);
    if (key.section != nullptr) add_names(*key.section, names);
  }
}

// A match for any of the names, in lines that are not too long.
std::string match_of(std::string_view group, std::string_view before, const Names& names, std::string_view options) {
  std::string out = "syn match ";
  out.append(group).append(" /").append(before).append("\\%(");
  std::size_t width = out.size();
  std::string_view separator;
  for (const std::string_view name : names) {
    if (width + name.size() > kWidest) {
      out += "\n    \\";
      width = 5;
    }
    out.append(separator).append(name);
    width += separator.size() + name.size();
    separator = "\\|";
  }
  return out.append("\\)\\ze\\s*:/\n    \\ contained ").append(options).append("\n");
}

}  // namespace

std::string vim_syntax() {
  Names all;
  add_names(root_section(), all);
  Names top;
  for (const Key& key : root_section().keys) top.insert(key.name);
  return std::string(kHead) +
         match_of("hawserKey", "\\%(^\\|\\s\\|[{,]\\)\\@1<=", all,
                  "containedin=yamlBlockMappingKey,yamlFlowMappingKey") +
         match_of("hawserSection", "^", top, "containedin=yamlBlockMappingKey") + std::string(kTail);
}

}  // namespace hawser::config
