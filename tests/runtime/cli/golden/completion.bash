# bash completion of wavetank: source <(wavetank completion bash)
_wavetank() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options=''
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'run show top log why explain route replay validate schema conformance completion --help --version' -- "$word")
    return
  fi
  case $command in
    run) options='--help --out --seed --until --set --scheduler-config --tie-break --output --quiet --force' ;;
    show) options='--help --salvage --at --namespace --all-namespaces --output --selector' ;;
    top) options='--help --salvage --at --namespace --all-namespaces --containers --selector --sort-by --output' ;;
    log) options='--help --salvage --object --namespace --kind --from --to --limit --output' ;;
    why) options='--help --salvage --at --namespace --output' ;;
    explain) options='--help --salvage --at --namespace --all --output' ;;
    route) options='--help --salvage --at --from --client --namespace --output' ;;
    replay) options='--help --salvage --verify' ;;
    validate) options='--help' ;;
    schema) options='--help' ;;
    conformance) options='--help --family --case --pod --explain --wide --all --output' ;;
    completion) options='--help' ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ $command == show && $COMP_CWORD -eq 3 ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'pods deployments replicasets statefulsets daemonsets jobs cronjobs horizontalpodautoscalers nodes services ingresses endpoints endpointslices poddisruptionbudgets persistentvolumeclaims persistentvolumes storageclasses resourcequotas events namespaces configmaps secrets networkpolicies all' -- "$word")
  elif [[ $command == completion ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _wavetank wavetank
