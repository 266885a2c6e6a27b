" Configurations of Hawser: by their name, by their place, or by the first line that names their schema.
augroup hawser_detection
  autocmd!
  autocmd BufNewFile,BufRead hawser.yaml,/etc/hawser/*.yaml set filetype=yaml.hawser
  autocmd BufNewFile,BufRead *.yaml
        \ if getline(1) =~# 'yaml-language-server:.*hawser\.schema\.json' | set filetype=yaml.hawser | endif
augroup END
