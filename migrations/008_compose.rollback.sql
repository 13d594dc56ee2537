drop function public.fn_iu_compose(text, text, text, text, jsonb, text);
