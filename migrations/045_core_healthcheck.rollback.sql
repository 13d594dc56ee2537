update public.dot_iu_command_catalog set target_functions = '{fn_iu_collection_healthcheck}'
where command_name = 'dot_iu_healthcheck';
drop function if exists public.fn_iu_core_healthcheck();
