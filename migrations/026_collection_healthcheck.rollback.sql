drop function if exists public.fn_iu_collection_healthcheck();
drop function if exists public.fn_iu_health_surface(text, text[], text, text);
