drop function if exists public.fn_iu_core_healthcheck();
