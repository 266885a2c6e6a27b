" Vim syntax file
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
syn match hawserKey /\%(^\|\s\|[{,]\)\@1<=\%(access_log\|add\|address\|allow\|attempts\|backlog\|backoff\|backup
    \\|balance\|balance_factor\|base\|body\|budget\|burst\|ca_file\|cert_file\|certificates\|ciphers
    \\|ciphersuites\|circuit_breaker\|close_code\|connect\|consecutive_failures\|content_type\|crl_file\|curves
    \\|deny\|discover\|dns\|drain_timeout\|eject\|enabled\|error_pages\|expect\|failure_ratio\|fall\|file
    \\|format\|half_open_probes\|handshake\|headers\|health_check\|host\|idle\|include\|initial\|interval
    \\|keepalive\|key\|key_file\|level\|limits\|listener\|listeners\|log\|match\|max\|max_body_size\|max_eject
    \\|max_ejected\|max_head_size\|max_sessions\|max_sessions_per_ip\|method\|min\|min_attempts\|min_version
    \\|mode\|name\|nameservers\|new_sessions_per_second\|on_term\|path\|path_prefix\|path_regex\|pid_file\|port
    \\|prefix\|prewarm\|query\|queue\|rate\|read\|reason\|receive\|redirect\|remove\|request\|request_head
    \\|request_rate\|resolve\|resolver\|respond\|response\|response_head\|retry\|rewrite\|rise\|routes\|send
    \\|server_name\|servers\|session_tickets\|set\|shutdown\|size\|slow_start\|source_addresses\|split
    \\|split_key\|srv\|state\|status\|subprotocol\|target\|timeout\|timeouts\|tls\|to\|trusted_proxies
    \\|try_timeout\|type\|unknown_sni\|upgrade_drain\|upgrade_rate\|upstream\|upstreams\|user\|verify\|websocket
    \\|weight\|window\|workers\)\ze\s*:/
    \ contained containedin=yamlBlockMappingKey,yamlFlowMappingKey
syn match hawserSection /^\%(access_log\|error_pages\|include\|listeners\|log\|on_term\|pid_file\|resolver
    \\|routes\|shutdown\|trusted_proxies\|upstreams\|user\|workers\)\ze\s*:/
    \ contained containedin=yamlBlockMappingKey

syn match hawserVariable /\$\%(\w\+\|{\w\+}\)/ contained containedin=yamlFlowString,yamlPlainScalar
syn match hawserAmount /\<\d\+\%(ms\|[smhdkgKMG]\|%\)\ze\%([, \t}\]]\|$\)/ contained containedin=yamlPlainScalar

hi def link hawserUnknown  Error
hi def link hawserSection  Structure
hi def link hawserKey      Keyword
hi def link hawserVariable PreProc
hi def link hawserAmount   Number

let b:current_syntax = 'hawser'
